import { nodes } from '../../shared/browser/scripts/makePart.ts';
import { jar, sat, widget as text } from '../../shared/browser/text/index.ts';
import type { Creator, Invoice, Option } from './ask.ts';
import { copyField } from './field.ts';
import { make } from './make.ts';
import type { Place } from './place.ts';

/** What a jar shows once its creator is known. */
export interface Card {
  readonly element: HTMLElement;
  /** Where live tips go. */
  readonly tips: HTMLUListElement;
  /** Mark an option as the chosen one. Until its invoice is there the card is busy, and shows no other one's. */
  readonly choose: (option: Option) => void;
  readonly showInvoice: (option: Option, invoice: Invoice) => void;
  /** Say why there is no invoice. */
  readonly showTrouble: (text: string) => void;
}

const amountOf = ({ amountMsat }: Option) => (amountMsat === null ? jar.anyAmount : sat(amountMsat));

/** A code that opens a wallet when it is touched, and a button that does the same. */
function wallet(button: string) {
  // A picture that is not in sight, as behind "Any other wallet", is not fetched.
  const image = make('img', { loading: 'lazy', width: 320, height: 320 });
  const code = make('a', { part: 'qr' }, image);
  const open = make('a', { part: 'open' }, button);
  return {
    element: make('div', {}, code, open),
    /** @param code what a wallet reads, without the scheme */
    show: (payment: string, picture: string, alt: string) => {
      code.href = open.href = `lightning:${payment}`;
      image.src = picture;
      image.alt = alt;
    },
  };
}

/** One button for each option; a creator with the open one alone needs no choice. */
function choice(creator: Creator, chosen: (option: Option) => void) {
  const buttons = creator.options.map((option) => {
    const amount = option.amountMsat === null ? [] : [make('small', {}, sat(option.amountMsat))];
    const button = make('button', { part: 'option', type: 'button' }, option.label, ...amount);
    button.onclick = () => chosen(option);
    return button;
  });
  const element = make('div', { part: 'options', role: 'group', ariaLabel: jar.amount }, ...buttons);
  element.hidden = buttons.length < 2;
  return {
    element,
    mark: (option: Option) => {
      for (const [at, button] of buttons.entries())
        button.ariaPressed = String(creator.options[at]!.id === option.id);
    },
  };
}

/** The ways to pay for wallets that can't pay AMP; nothing, where the service has none. */
function otherWays(place: Place, creator: Creator) {
  const lnurl = wallet(jar.openByLnurl);
  const address = copyField(jar.lightningAddress);
  address.show(creator.lightningAddress ?? '');
  const summary = make('summary', {}, jar.otherWallet);
  const element = make('details', { part: 'other' }, summary, lnurl.element, address.element);
  const show = (option: Option) => {
    element.hidden = !option.lnurl;
    if (!option.lnurl) return;
    const picture = `${place.origin}/v1/creators/${creator.handle}/qr.svg?code=lnurl&option=${option.id}`;
    lnurl.show(option.lnurl, picture, text.lnurlCode(amountOf(option)));
  };
  return { element, show };
}

/**
 * The card of a creator: options, the AMP invoice, other ways to pay, a link to the tip page.
 * @param chosen hears of the option that a reader picks
 */
export function tipCard(place: Place, creator: Creator, chosen: (option: Option) => void): Card {
  const options = choice(creator, chosen);
  const amp = wallet(jar.openInWallet);
  const request = copyField(jar.paymentRequest);
  const invoice = make('div', { part: 'invoice' }, amp.element, request.element);
  const trouble = make('p', { part: 'problem', role: 'status' });
  const other = otherWays(place, creator);
  const tips = make('ul', { part: 'tips', ariaLive: 'polite' });
  const page = make('a', { part: 'page', target: '_blank', rel: 'noopener' }, text.tipPage);
  page.href = `${place.origin}/@${creator.handle}`;
  const note = make('p', { part: 'note' }, text.needsAmp, page);
  const name = make('p', { part: 'name' }, ...nodes(jar.tip(['bdi', {}, [creator.name]])));
  const element = make(
    'section',
    { part: 'card', ariaLabel: text.label(creator.name) },
    name,
    options.element,
    invoice,
    trouble,
    note,
    other.element,
    tips,
  );
  invoice.hidden = true;
  return {
    element,
    tips,
    choose: (option) => {
      options.mark(option);
      other.show(option);
      trouble.replaceChildren();
      element.ariaBusy = 'true';
    },
    showInvoice: (option, { paymentRequest, paymentAddr }) => {
      const picture = `${place.origin}/v1/invoices/${paymentAddr}/qr.svg`;
      amp.show(paymentRequest, picture, text.invoiceCode(amountOf(option)));
      request.show(paymentRequest);
      invoice.hidden = false;
      trouble.replaceChildren();
      element.ariaBusy = null;
    },
    showTrouble: (problem) => {
      invoice.hidden = true;
      trouble.replaceChildren(problem);
      element.ariaBusy = null;
    },
  };
}
