import { ofKind } from './paymentKinds.ts';
import { fingerprint, type Tip } from './tips.ts';
import { dayOf, NOTHING, plus, type Sum, type Totals } from './totals.ts';

/** What an invoice says of the payments to it: number, sum, and the sum of the fingerprints of their set ids. */
export interface InvoiceSum extends Sum {
  readonly setSum: bigint;
}

export const NO_PAYMENT: InvoiceSum = { ...NOTHING, setSum: 0n };

/** What is written about a creator's tips beside their rows. */
export interface Sums {
  readonly totals: Totals;
  /** By UTC day. */
  readonly days: ReadonlyMap<string, Sum>;
  /** By payment address; `amountMsat` is what was received. */
  readonly invoices: ReadonlyMap<string, InvoiceSum>;
}

/** The sums of a creator's rows, added up row by row. */
export class RowSums implements Sums {
  #all = NOTHING;
  readonly #options = new Map<string, Sum>();
  readonly days = new Map<string, Sum>();
  readonly invoices = new Map<string, InvoiceSum>();
  /** The sequence numbers of the rows, as they came. */
  readonly numbers: bigint[] = [];

  get totals(): Totals {
    return { ...this.#all, options: this.#options };
  }

  add({ via, setId, amountMsat, optionId, settledAt, paymentAddr, sequence }: Tip): void {
    const one: Sum = { count: 1n, amountMsat };
    const addTo = (sums: Map<string, Sum>, key: string) => sums.set(key, plus(sums.get(key) ?? NOTHING, one));
    this.#all = plus(this.#all, one);
    addTo(this.#options, optionId);
    addTo(this.days, dayOf(settledAt));
    if (ofKind(via).hasInvoice) {
      const before = this.invoices.get(paymentAddr) ?? NO_PAYMENT;
      const setSum = before.setSum + fingerprint(setId);
      this.invoices.set(paymentAddr, { ...plus(before, one), setSum });
    }
    this.numbers.push(sequence);
  }

  /** The same sums, to go on from. */
  copy(): RowSums {
    const copy = new RowSums();
    copy.#all = this.#all;
    const into = <T>(to: Map<string, T>, from: ReadonlyMap<string, T>) => {
      for (const [key, value] of from) to.set(key, value);
    };
    into(copy.#options, this.#options);
    into(copy.days, this.days);
    into(copy.invoices, this.invoices);
    for (const number of this.numbers) copy.numbers.push(number);
    return copy;
  }
}
