import { useSignal } from '@preact/signals';
import { connectHttp } from '../../../src/client/http/client.js';
import { Icon } from '../ui/icons.js';
import { sentenceOf } from '../ui/load.js';
import { beginLogin } from './issuer.js';
import { address, logIn, notice, settings } from './session.js';

export function LoginPage() {
  const pasted = useSignal('');
  const failure = useSignal<string | undefined>(undefined);
  const busy = useSignal(false);

  const attempt = async (act: () => Promise<void>) => {
    busy.value = true;
    failure.value = undefined;
    try {
      await act();
    } catch (error) {
      failure.value = sentenceOf(error);
    }
    busy.value = false;
  };
  const check = async (event: Event) => {
    event.preventDefault();
    const token = pasted.value.trim().replace(/^bearer\s+/i, '');
    await attempt(async () => {
      await connectHttp({ address, token, session: false }).execute('SELECT 1');
      logIn({ token });
    });
  };

  const issuers = settings.value?.login ?? [];
  return (
    <main class="login">
      <div class="card">
        <h1>
          <Icon name="bird" /> Skua
        </h1>
        <p class="quiet">SQL over your Iceberg tables. What you may see is your catalog’s decision.</p>
        {(failure.value ?? notice.value) && (
          <p class="failure" role="alert">
            {failure.value ?? notice.value}
          </p>
        )}
        {issuers.map(({ issuer }) => (
          <button
            key={issuer}
            type="button"
            class="primary wide"
            disabled={busy.value}
            onClick={() => attempt(() => beginLogin(issuer))}
          >
            Log in{issuers.length > 1 ? ` at ${new URL(issuer).host}` : ''}
          </button>
        ))}
        <form onSubmit={check}>
          <label for="token">{issuers.length > 0 ? 'Or paste an access token' : 'Paste an access token'}</label>
          <textarea
            id="token"
            rows={4}
            spellcheck={false}
            autocomplete="off"
            placeholder="eyJ…"
            value={pasted.value}
            onInput={(event) => {
              pasted.value = event.currentTarget.value;
            }}
          />
          <button
            type="submit"
            class={issuers.length > 0 ? 'wide' : 'primary wide'}
            disabled={busy.value || pasted.value.trim() === ''}
          >
            Use this token
          </button>
        </form>
        <p class="quiet small">
          The token stays in this tab and goes to this server alone. It is gone when the tab is closed.
        </p>
      </div>
    </main>
  );
}
