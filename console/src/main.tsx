import 'uplot/dist/uPlot.min.css';
import './style/base.css';
import './style/layout.css';
import './style/parts.css';
import './style/results.css';
import { render } from 'preact';
import { App } from './app.js';
import { finishLogin } from './session/issuer.js';
import { loadSettings, logOut } from './session/session.js';
import './ui/theme.js';

async function start(): Promise<void> {
  const root = document.getElementById('app') as HTMLElement;
  try {
    await loadSettings();
    await finishLogin();
  } catch {
    logOut('The server does not answer. Reload the page to try again.');
  }
  render(<App />, root);
}

void start();
