import { copied, jar } from '../../shared/browser/text/index.ts';
import { make } from './make.ts';

/** A text to take along: it can be selected and, where the browser lets scripts do so, copied by a button. */
export interface Field {
  readonly element: HTMLElement;
  readonly show: (text: string) => void;
}

/** @param name what the text is, for who can't see it */
export function copyField(name: string): Field {
  const input = make('input', { part: 'field', readOnly: true, ariaLabel: name });
  input.onfocus = () => input.select();
  const button = make('button', { part: 'copy', type: 'button', ariaLive: 'polite' }, jar.copy);
  button.hidden = !navigator.clipboard;
  button.onclick = () =>
    navigator.clipboard.writeText(input.value).then(
      () => button.replaceChildren(copied),
      () => input.focus(),
    );
  const show = (text: string) => {
    if (input.value === text) return;
    input.value = text;
    button.replaceChildren(jar.copy);
  };
  return { element: make('div', { part: 'row' }, input, button), show };
}
