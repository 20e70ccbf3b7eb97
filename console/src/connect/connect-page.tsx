/** Ready lines for every client, with the person's own token where they want it. */
import { useSignal } from '@preact/signals';
import { address, claims, settings, token } from '../session/session.js';
import { Icon } from '../ui/icons.js';
import { momentText } from '../ui/text.js';

interface Recipe {
  title: string;
  hint?: string;
  text: (at: Place) => string;
}

interface Place {
  /** `grpc://host:port` */
  flight: string;
  host: string;
  tls: boolean;
  http: string;
  token: string;
}

const RECIPES: Recipe[] = [
  {
    title: 'skua',
    text: ({ flight, token: held }) => `export SKUA_TOKEN=${held}\nnpx skua query --address ${flight} -e 'SHOW TABLES'`,
  },
  {
    title: 'Python, ADBC',
    hint: 'pip install adbc-driver-flightsql adbc-driver-manager pyarrow',
    text: ({ flight, token: held }) =>
      `import adbc_driver_flightsql.dbapi as flightsql
connection = flightsql.connect("${flight}", autocommit=True, db_kwargs={
    "adbc.flight.sql.authorization_header": "Bearer ${held}",
    "adbc.flight.sql.rpc.with_cookie_middleware": "true"})
with connection.cursor() as cursor:
    cursor.execute("SELECT 1")
    print(cursor.fetch_arrow_table())`,
  },
  {
    title: 'pyarrow',
    hint: 'Flight itself; its SQL commands are in docs/clients.md',
    text: ({ flight, token: held }) =>
      `import pyarrow.flight as flight
client = flight.FlightClient("${flight}")
options = flight.FlightCallOptions(headers=[(b"authorization", b"Bearer ${held}")])
print(list(client.list_actions(options)))`,
  },
  {
    title: 'JDBC',
    hint: 'org.apache.arrow:flight-sql-jdbc-driver:18.3.0, JVM option --add-opens=java.base/java.nio=ALL-UNNAMED',
    text: ({ host, tls, token: held }) => `jdbc:arrow-flight-sql://${host}/?useEncryption=${tls}&token=${held}`,
  },
  {
    title: 'TypeScript',
    hint: 'npm install skua apache-arrow',
    text: ({ flight, token: held }) =>
      `import { connect } from 'skua/client';
const client = connect({ address: '${flight}', token: '${held}' });
for await (const row of (await client.execute('SELECT 1')).rows()) console.log(row);`,
  },
  {
    title: 'curl',
    text: ({ http, token: held }) =>
      `curl -s ${http}/v1/statements -H 'authorization: Bearer ${held}' -H 'content-type: application/sql' -d 'SHOW TABLES'`,
  },
  {
    title: 'grpcurl',
    text: ({ host, tls, token: held }) =>
      `grpcurl ${tls ? '' : '-plaintext '}-H 'authorization: Bearer ${held}' ${host} arrow.flight.protocol.FlightService/ListActions`,
  },
  {
    title: 'Power BI',
    hint: 'Not tried: by ADBC, with a custom connector, as docs/clients.md describes',
    text: ({ flight, token: held }) => `address   ${flight}\nuser      token\npassword  ${held}`,
  },
];

export function ConnectPage() {
  const showsToken = useSignal(false);
  const flight = settings.value?.flight ?? '';
  const { exp, iss } = claims.value;
  const place: Place = {
    flight,
    host: flight.replace(/^.*:\/\//, ''),
    tls: flight.startsWith('grpc+tls:'),
    http: address,
    token: showsToken.value ? (token.value ?? '') : 'YOUR_TOKEN',
  };
  return (
    <div class="page-body">
      <h1>Connect</h1>
      <p>
        Flight SQL is served at <code>{flight}</code>, Arrow over HTTP at <code>{address}</code>. Your token
        {iss !== undefined && (
          <>
            {' '}
            of <code>{iss}</code>
          </>
        )}{' '}
        {exp === undefined
          ? 'does not say when it ends.'
          : `holds until ${momentText(new Date(exp * 1000).toISOString())}.`}
      </p>
      <p class="row wrap">
        <button
          type="button"
          aria-pressed={showsToken.value}
          onClick={() => {
            showsToken.value = !showsToken.value;
          }}
        >
          {showsToken.value ? 'Hide my token' : 'Put my token into the lines'}
        </button>
        <button type="button" onClick={() => navigator.clipboard.writeText(token.value ?? '')}>
          Copy my token
        </button>
        {showsToken.value && <span class="warn">Whoever has these lines is you until the token ends.</span>}
      </p>
      {RECIPES.map(({ title, hint, text }) => (
        <Line
          key={title}
          title={title}
          hint={hint}
          text={text(place)}
          copied={text({ ...place, token: token.value ?? '' })}
        />
      ))}
    </div>
  );
}

function Line({
  title,
  hint,
  text,
  copied,
}: {
  title: string;
  hint: string | undefined;
  text: string;
  copied: string;
}) {
  const done = useSignal(false);
  return (
    <section class="recipe" aria-label={title}>
      <div class="row">
        <h2>{title}</h2>
        <span class="grow" />
        <button
          type="button"
          aria-label={`${done.value ? 'Copied' : 'Copy with token'}: ${title}`}
          onClick={async () => {
            await navigator.clipboard.writeText(copied);
            done.value = true;
            setTimeout(() => {
              done.value = false;
            }, 1500);
          }}
        >
          <Icon name="copy" /> {done.value ? 'Copied' : 'Copy with token'}
        </button>
      </div>
      {hint !== undefined && <p class="quiet small">{hint}</p>}
      <pre role="region" tabIndex={0} aria-label={`Lines for ${title}`}>
        {text}
      </pre>
    </section>
  );
}
