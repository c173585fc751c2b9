/** What every view is given, and how it waits and fails. */
import { ApiFailure } from './api.js';
import { type Child, el } from './dom.js';

export type ViewName = 'models' | 'evaluation' | 'request' | 'sql';

export interface ViewContext {
  /** The parameters in the address, after the view's name. */
  readonly parameters: URLSearchParams;
  /** Aborts when another view takes its place. */
  readonly signal: AbortSignal;
  /** Goes to a view by a new entry of the browser's history. */
  readonly go: (view: ViewName, parameters: URLSearchParams) => void;
}

export type View = (context: ViewContext) => HTMLElement;

/** The address of a view; parameters without a value are left out. */
export function addressOf(view: ViewName, parameters: Readonly<Record<string, string>> | URLSearchParams = {}): string {
  const entries = parameters instanceof URLSearchParams ? [...parameters] : Object.entries(parameters);
  const given = new URLSearchParams(entries.filter(([, value]) => value !== ''));
  return `#/${view}${given.size === 0 ? '' : `?${given}`}`;
}

/** Shows that it waits, then what was waited for, or in words why it did not come. */
export function whenLoaded<T>(
  loading: Promise<T>,
  { signal, words = 'Loading…' }: { readonly signal: AbortSignal; readonly words?: string },
  render: (value: T) => Node,
): HTMLElement {
  const box = el('div', { class: 'loaded', 'aria-busy': 'true' }, el('p', { class: 'muted waiting' }, words));
  const settle = (content: Node): void => {
    if (signal.aborted) return;
    box.replaceChildren(content);
    box.removeAttribute('aria-busy');
  };
  loading.then(render).then(settle, (error: unknown) => settle(failureNotice(error)));
  return box;
}

export function failureNotice(error: unknown): HTMLElement {
  const failure = error instanceof ApiFailure ? error : new ApiFailure('internal', String(error));
  return el(
    'div',
    { class: 'notice failure', role: 'alert' },
    el('p', {}, el('code', { class: 'code' }, failure.code), ' ', failure.message),
    failure.hint !== undefined && el('p', { class: 'hint' }, failure.hint),
  );
}

/** A control with its words above it. */
export const labelled = (words: string, control: HTMLElement, ...after: readonly Child[]): HTMLElement =>
  el('label', { class: 'field' }, el('span', {}, words), control, ...after);
