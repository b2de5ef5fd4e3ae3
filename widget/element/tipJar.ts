import { widget as text } from '../../shared/browser/text/index.ts';
import { ask, type Creator, Trouble } from './ask.ts';
import { openJar } from './jar.ts';
import { make } from './make.ts';
import { PlaceError, readPlace } from './place.ts';
import { sheet } from './style.ts';
import { showTips } from './tipList.ts';

/** How far below what is seen a jar begins, so that it is there when a reader comes to it. */
const NEAR = '200px';

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
  /** Tells once that a reader comes near. What nobody sees asks for nothing. */
  readonly #sight = new IntersectionObserver((entries) => this.#see(entries), { rootMargin: NEAR });
  /** Ends what runs for the jar that is shown. */
  #end = new AbortController();

  constructor() {
    super();
    this.#root.adoptedStyleSheets = [sheet];
    this.#root.append(make('slot', {}));
  }

  connectedCallback() {
    this.#wait();
  }

  disconnectedCallback() {
    this.#sight.disconnect();
    this.#end.abort();
  }

  attributeChangedCallback() {
    if (this.isConnected) this.#wait();
  }

  /** Begin anew as soon as it is in sight, which is told at the next frame: once for all attributes that change together. */
  #wait() {
    this.#sight.unobserve(this);
    this.#sight.observe(this);
  }

  #see(entries: readonly IntersectionObserverEntry[]) {
    if (!entries.at(-1)!.isIntersecting) return;
    this.#sight.unobserve(this);
    this.#end.abort();
    this.#end = new AbortController();
    void this.#fill(this.#end.signal);
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
    const problem = make('p', { part: 'problem', role: 'status' }, error.message);
    const again = make('button', { part: 'retry', type: 'button' }, text.tryAgain);
    again.onclick = () => this.#wait();
    const more = error instanceof Trouble ? [again] : [];
    this.#root.replaceChildren(make('section', { part: 'card' }, problem, ...more, make('slot', {})));
  }
}
