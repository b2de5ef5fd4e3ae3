import { ask, type Creator, type Invoice, type Option, Trouble } from './ask.ts';
import { type Card, tipCard } from './card.ts';
import type { Place } from './place.ts';

/** How often a jar that stays open asks for the invoice again: those that it showed before go on taking money. */
const RENEW_MS = 6 * 3_600_000;

/** A jar whose card shows the invoice of the option that a reader picks, and asks for it anew until `signal` is aborted. */
export function openJar(place: Place, creator: Creator, signal: AbortSignal): Card {
  let option = creator.options.find(({ id }) => id === place.option) ?? creator.options[0]!;
  let shown: Invoice | undefined;

  const renew = async () => {
    const asked = option;
    try {
      const url = `${place.origin}/v1/creators/${place.handle}/invoice?option=${asked.id}`;
      const invoice = await ask<Invoice>(url, signal);
      if (asked !== option) return;
      shown = invoice;
      card.showInvoice(option, invoice);
    } catch (error) {
      if (signal.aborted || asked !== option) return;
      if (!(error instanceof Trouble)) throw error;
      if (!shown || Date.parse(shown.expiresAt) < Date.now()) card.showTrouble(error.message);
    }
  };
  const choose = (picked: Option) => {
    option = picked;
    shown = undefined;
    card.choose(option);
    void renew();
  };
  const card = tipCard(place, creator, choose);
  choose(option);

  const renewing = setInterval(renew, RENEW_MS);
  signal.addEventListener('abort', () => clearInterval(renewing));
  return card;
}
