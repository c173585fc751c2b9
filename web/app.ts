/** The console: one page, whose views the part of the address after # names. */
import { fetchReadiness } from './api.js';
import { el } from './dom.js';
import { evaluationView } from './evaluation-view.js';
import { modelsView } from './models-view.js';
import { requestView } from './request-view.js';
import { sqlView } from './sql-view.js';
import { addressOf, type View, type ViewName } from './view.js';

const views: Readonly<Record<ViewName, View>> = {
  models: modelsView,
  evaluation: evaluationView,
  request: requestView,
  sql: sqlView,
};

const titles: Readonly<Record<ViewName, string>> = {
  models: 'Models',
  evaluation: 'Evaluation',
  request: 'Request',
  sql: 'SQL',
};

const readinessEveryMs = 15_000;

const isView = (name: string): name is ViewName => Object.hasOwn(views, name);
const byId = (id: string): HTMLElement => document.getElementById(id)!;

let shown: ViewName | undefined;
let leaving = new AbortController();

function showAddress(): void {
  const [name = '', query = ''] = splitOnce(location.hash.slice(2), '?');
  const view = isView(name) ? name : 'models';
  leaving.abort();
  leaving = new AbortController();
  const focused = document.activeElement?.id ?? '';
  const content = views[view]({
    parameters: new URLSearchParams(query),
    signal: leaving.signal,
    go: (target, parameters) => go(addressOf(target, parameters)),
  });
  const main = byId('main');
  main.replaceChildren(content);
  document.title = `${titles[view]} – Barograph`;
  for (const link of document.querySelectorAll('nav a'))
    if (link.getAttribute('href') === `#/${view}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  // A new view is read from its beginning; asking again in the same one keeps the place.
  if (shown === view && focused !== '') focusAgain(main, focused);
  else if (shown !== undefined && shown !== view) main.focus({ preventScroll: true });
  shown = view;
}

/** The control may come only with what the view waits for. */
function focusAgain(main: HTMLElement, id: string): void {
  const focus = (): boolean => {
    const control = document.getElementById(id);
    if (control === null || !main.contains(control)) return false;
    control.focus({ preventScroll: true });
    return true;
  };
  if (focus()) return;
  const watch = new MutationObserver(() => focus() && watch.disconnect());
  watch.observe(main, { childList: true, subtree: true });
  leaving.signal.addEventListener('abort', () => watch.disconnect());
}

/** Asking for what the address says already asks again. */
function go(address: string): void {
  if (location.hash === address) showAddress();
  else location.hash = address;
}

function splitOnce(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

async function showReadiness(): Promise<void> {
  const dot = byId('readiness');
  const say = (state: string, words: string, problems: readonly string[]): void => {
    if (dot.dataset.state === state && dot.title === problems.join('\n')) return;
    dot.dataset.state = state;
    dot.textContent = words;
    dot.title = problems.join('\n');
    byId('problems').replaceChildren(...problems.map((problem) => el('p', { class: 'problem' }, problem)));
  };
  try {
    const { ready, problems } = await fetchReadiness();
    say(ready ? 'ready' : 'unready', ready ? 'Ready' : 'Not ready', problems);
  } catch (error) {
    say('unready', 'No answer', [error instanceof Error ? error.message : String(error)]);
  }
}

addEventListener('hashchange', showAddress);
byId('skip').addEventListener('click', (event) => {
  event.preventDefault();
  byId('main').focus();
});
document.addEventListener('visibilitychange', () => document.hidden || void showReadiness());
setInterval(() => document.hidden || void showReadiness(), readinessEveryMs);
showAddress();
void showReadiness();
