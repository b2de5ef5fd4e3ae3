/** `<tip-jar handle="alice">`: a creator's tip jar on any page. */
export class TipJar extends HTMLElement {
  static readonly observedAttributes = ['handle', 'host'];

  connectedCallback() {
    const link = document.createElement('a');
    const origin = this.getAttribute('host') ?? new URL(import.meta.url).origin;
    link.href = `${origin}/@${this.getAttribute('handle')}`;
    link.textContent = 'Tip over Lightning';
    (this.shadowRoot ?? this.attachShadow({ mode: 'open' })).replaceChildren(link);
  }
}
