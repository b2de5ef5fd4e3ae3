import { browserWallet as text } from '../text/index.ts';

declare global {
  interface Window {
    /** A wallet of the browser. @see https://www.webln.guide */
    readonly webln?: {
      enable(): Promise<unknown>;
      sendPayment(paymentRequest: string): Promise<unknown>;
    };
  }
}

const LOOKS = 20;
const LOOK_MS = 1_000;

/** The fields of the form; an option with an amount of its own has no field for it. */
type Fields = HTMLFormControlsCollection & {
  readonly amount?: HTMLInputElement;
  readonly comment: HTMLInputElement;
};

/** Pays what a form says. @param say shows where it stands, in words */
async function pay({ dataset, elements }: HTMLFormElement, say: (text: string) => void): Promise<void> {
  const { amount, comment } = elements as Fields;
  const typed = amount?.value.trim() ?? '';
  const msat = dataset.amount || (/^[1-9]\d{0,15}$/.test(typed) ? `${typed}000` : '');
  if (!msat) return say(text.badAmount);
  const at = new URL(dataset.callback!, location.href);
  at.searchParams.set('amount', msat);
  if (comment.value) at.searchParams.set('comment', comment.value);
  say(text.asking);
  let invoice: { pr?: string; verify: string; reason?: string };
  try {
    invoice = await (await fetch(at)).json();
  } catch {
    return say(text.noAnswer);
  }
  if (!invoice.pr) return say(text.noInvoice(invoice.reason));
  say(text.walletAsks);
  try {
    await window.webln!.enable();
    await window.webln!.sendPayment(invoice.pr);
  } catch (error) {
    // Wallets reject with whatever they like.
    return say(text.notPaid((error as Error | undefined)?.message || (error as string | undefined)));
  }
  say(text.arriving);
  say((await arrives(new URL(invoice.verify).pathname)) ? text.arrived : text.notSeen);
}

/** Whether a payment is booked while it is looked for. @see https://github.com/lnurl/luds/blob/luds/21.md */
async function arrives(path: string): Promise<boolean> {
  for (let look = 0; look < LOOKS; look++) {
    if (look) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    try {
      if ((await (await fetch(path, { cache: 'no-store' })).json()).settled) return true;
    } catch {}
  }
  return false;
}

/**
 * A form that pays with the browser's own wallet, shown where there is one (WebLN); a wallet may come later than the page, and
 * tells so at the window or the document. That a tip has arrived is said when it is booked (LUD-21), not on the wallet's word.
 * Whatever goes wrong is said in words, as text. No element may have the id `webln`: it would be `window.webln` where there is
 * no wallet.
 */
export function offerBrowserWallet() {
  const form = document.querySelector<HTMLFormElement>('#browser-wallet');
  if (!form) return;
  const say = (text: string) => {
    form.querySelector('output')!.textContent = text;
  };
  const show = () => {
    if (window.webln) form.hidden = false;
  };
  show();
  addEventListener('webln:ready', show, true);
  form.onsubmit = async (event) => {
    event.preventDefault();
    const button = form.querySelector('button')!;
    if (button.disabled) return;
    button.disabled = true;
    await pay(form, say);
    button.disabled = false;
  };
}
