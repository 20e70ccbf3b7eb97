import { useSignal, useSignalEffect } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ActivityPage } from './activity/activity-page.js';
import { TablePage } from './catalog/table-page.js';
import { Tree } from './catalog/tree.js';
import { ConnectPage } from './connect/connect-page.js';
import { refresh } from './data/catalog.js';
import { QueryPage } from './editor/query-page.js';
import { forgetTabs } from './editor/tabs.js';
import { renew, renewIn } from './session/issuer.js';
import { LoginPage } from './session/login-page.js';
import { claims, login, logOut, token } from './session/session.js';
import { Icon } from './ui/icons.js';
import { go, hrefOf, type Route, route } from './ui/route.js';
import { timeText } from './ui/text.js';
import { theme, toggleTheme } from './ui/theme.js';

const PAGES: { page: 'query' | 'activity' | 'connect'; title: string }[] = [
  { page: 'query', title: 'Query' },
  { page: 'activity', title: 'Activity' },
  { page: 'connect', title: 'Connect' },
];

/** Everything that was one person's, before the next one sees the page. */
export function leave(reason?: string): void {
  forgetTabs();
  refresh();
  go({ page: 'query' });
  logOut(reason);
}

export function App() {
  return token.value === undefined ? <LoginPage /> : <Console />;
}

function Console() {
  const drawer = useSignal(false);
  useSignalEffect(() => {
    void route.value;
    drawer.value = false;
  });
  useSignalEffect(() => {
    const due = renewIn(claims.value.exp);
    if (due === undefined || login.value?.refreshToken === undefined) return;
    const timer = setTimeout(renew, Math.max(due, 1000));
    return () => clearTimeout(timer);
  });
  return (
    <div class="console">
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <header class="bar">
        <button
          type="button"
          class="plain only-narrow"
          aria-label="Catalog"
          aria-expanded={drawer.value}
          onClick={() => {
            drawer.value = !drawer.value;
          }}
        >
          <Icon name="menu" />
        </button>
        <span class="brand">
          <Icon name="bird" /> <span class="wide-only">Skua</span>
        </span>
        <nav aria-label="Pages">
          {PAGES.map(({ page, title }) => (
            <a
              key={page}
              href={hrefOf({ page } as Route)}
              aria-current={route.value.page === page ? 'page' : undefined}
            >
              {title}
            </a>
          ))}
        </nav>
        <span class="grow" />
        <Person />
        <button
          type="button"
          class="plain"
          aria-label={theme.value === 'dark' ? 'Light colours' : 'Dark colours'}
          onClick={toggleTheme}
        >
          <Icon name={theme.value === 'dark' ? 'sun' : 'moon'} />
        </button>
        <button type="button" class="plain" onClick={() => leave()}>
          Log out
        </button>
      </header>
      <aside class={`side${drawer.value ? ' open' : ''}`} aria-label="Catalog">
        <Tree />
      </aside>
      <main id="main" class="main" tabIndex={-1}>
        <Page />
      </main>
    </div>
  );
}

function Page() {
  const current = route.value;
  // The editor keeps its place while another page is shown.
  return (
    <>
      <div class="page" hidden={current.page !== 'query'}>
        <QueryPage />
      </div>
      {current.page === 'activity' && <ActivityPage />}
      {current.page === 'connect' && <ConnectPage />}
      {current.page === 'table' && <TablePage key={hrefOf(current)} {...current} />}
    </>
  );
}

/** Who is logged in, and for how long. */
function Person() {
  const now = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      now.value = Date.now();
    }, 1000);
    return () => clearInterval(timer);
  }, []);
  const { exp, name, preferred_username: user, sub } = claims.value;
  const left = exp === undefined ? undefined : exp * 1000 - now.value;
  if (left !== undefined && left <= 0) {
    queueMicrotask(() => leave('Your token has expired. Log in again.'));
    return null;
  }
  return (
    <span class="person wide-only" title={left === undefined ? undefined : 'How long your token holds'}>
      {user ?? name ?? sub ?? 'you'}
      {left !== undefined && (
        <span class={left < 60_000 ? 'warn' : 'quiet'}> · {timeText(Math.ceil(left / 1000) * 1000)}</span>
      )}
    </span>
  );
}
