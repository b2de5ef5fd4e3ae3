import { TipJar } from './tipJar.ts';

// A page may load the widget twice, as from two addresses; a name can be defined once.
if (!customElements.get('tip-jar')) customElements.define('tip-jar', TipJar);
