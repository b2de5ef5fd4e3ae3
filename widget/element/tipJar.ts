import { ask, type Creator, Trouble } from './ask.ts';
import { openJar } from './jar.ts';
import { make } from './make.ts';
import { PlaceError, readPlace } from './place.ts';
import { sheet } from './style.ts';
import { showTips } from './tipList.ts';

/**
 * `<tip-jar handle="alice">`: a creator's tip jar on any page. Attributes: `handle`, `host` (the service, if it is not where
 * the script comes from), `option` (the one to begin with), `live` (the newest tips, too).
 *
 * What it contains is shown until the jar is there, and when it can't be.
 * @see docs/widget.md
 */
export class TipJar extends HTMLElement {
  static readonly observedAttributes = ['handle', 'host', 'option', 'live'];

  readonly #root = this.attachShadow({ mode: 'open' });
  /** Ends what runs for the jar that is shown. */
  #end = new AbortController();
  #due = false;

  constructor() {
    super();
    this.#root.adoptedStyleSheets = [sheet];
    this.#root.append(make('slot', {}));
  }

  connectedCallback() {
    this.#open();
  }

  disconnectedCallback() {
    this.#end.abort();
  }

  attributeChangedCallback() {
    if (this.isConnected) this.#open();
  }

  /** Begin anew, once for all attributes that change together. */
  #open() {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      this.#end.abort();
      this.#end = new AbortController();
      if (this.isConnected) void this.#fill(this.#end.signal);
    });
  }

  async #fill(signal: AbortSignal) {
    try {
      const place = readPlace(this, new URL(import.meta.url).origin);
      const creator = await ask<Creator>(`${place.origin}/v1/creators/${place.handle}`, signal);
      const { element, tips } = openJar(place, creator, signal);
      this.#root.replaceChildren(element);
      if (this.hasAttribute('live') && creator.shows !== 'nothing')
        await showTips({ place, creator, list: tips, signal });
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Trouble || error instanceof PlaceError)) throw error;
      this.#showTrouble(error);
    }
  }

  /** Say what is wrong above what the element contains. Another attempt helps where the service did not answer. */
  #showTrouble(error: Trouble | PlaceError) {
    const text = make('p', { part: 'problem', role: 'status' }, error.message);
    const again = make('button', { part: 'retry', type: 'button' }, 'Try again');
    again.onclick = () => this.#open();
    const more = error instanceof Trouble ? [again] : [];
    this.#root.replaceChildren(make('section', { part: 'card' }, text, ...more, make('slot', {})));
  }
}
