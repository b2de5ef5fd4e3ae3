import { type Ledger, putInvoiceRequest, readInvoiceRequest } from '../../shared/ledger/index.ts';
import type { Happened } from './checker.ts';
import { type Engine, TABLE } from './engine.ts';
import type { NodeInvoice } from './node.ts';
import { type Flaw, pay, payPlain, withAnotherAmount } from './payments.ts';
import type { PaymentPlan, Strange } from './plan.ts';
import type { Random } from './random.ts';
import type { SimNode } from './service.ts';

/** A tip option as payers find it. */
export interface Option {
  readonly id: string;
  readonly handle: string;
  readonly amountMsat: bigint | undefined;
}

const LOOK_EVERY_MS = 1_000;
const ASKER_LOOKS = 20;
/** As anyone can write it who knows an option's id, which is public. */
const memo = (handle: string, optionId: string, ask = '') => `Tip ${handle} (ampjar ${optionId}${ask})`;
const A_YEAR_SECONDS = 31_536_000;

/** Those who pay: creators' fans with today's code and with printed ones, strangers, and the hostile. */
export class Payers {
  readonly happened = new Map<string, Happened>();
  /** Payment addresses of invoices at our node that others made. */
  readonly others = new Set<string>();
  /** And of those of ours that nobody can tell any more, for the table lost the secret with them. */
  readonly orphans = new Set<string>();
  /** Payment addresses that were ever handed out, by option. */
  readonly #printed = new Map<string, Set<string>>();
  readonly #node: SimNode;
  readonly #engine: () => Engine;
  readonly #ledger: Ledger;
  readonly #random: Random;

  constructor(node: SimNode, ledger: Ledger, engine: () => Engine, random: Random) {
    this.#node = node;
    this.#ledger = ledger;
    this.#engine = engine;
    this.#random = random;
  }

  /** What the node did before anyone looked: business of others. */
  history(length: number): void {
    for (let at = 0; at < length; at++) {
      const kind = this.#random.pick(['plain', 'foreign', 'unpaid'] as const);
      if (kind === 'unpaid') this.#node.books.addInvoice({ memo: 'rent', expirySeconds: 3_600 });
      else this.strange(kind, 1_000n, undefined);
    }
  }

  /** Look at all codes that are handed out now, for later. */
  look(): void {
    for (const { pk, sk, paymentAddr } of this.#engine().items()) {
      if (!pk.S.startsWith('current#')) continue;
      const known = this.#printed.get(sk.S) ?? new Set();
      this.#printed.set(sk.S, known.add(paymentAddr.S));
    }
  }

  /** A payment, once the node is up, if there is an invoice that can be paid. */
  pay(plan: PaymentPlan, option: Option): void {
    const { scheduler, downUntil } = this.#node;
    this.look();
    if (scheduler.now < downUntil)
      scheduler.after(downUntil - scheduler.now, 'pay later', () => this.pay(plan, option));
    else if (plan.strange) this.strange(plan.strange, plan.msat, option, plan.flaw);
    else if (plan.asked) this.#ask(plan, option);
    else this.#payCode(plan, option);
  }

  #payCode(plan: PaymentPlan, option: Option): void {
    const invoice = this.#invoiceFor(option, plan.printed);
    if (!invoice || !this.#node.books.isPayable(invoice)) return;
    const extra = plan.msat < 1_000n ? plan.msat : 0n;
    const amountMsat = invoice.amountMsat === undefined ? plan.msat : invoice.amountMsat + extra;
    this.#settle(invoice, { ...plan, amountMsat });
  }

  /** Ask for an invoice, wait for the answer, and pay. */
  #ask(plan: PaymentPlan, { id: optionId, handle, amountMsat }: Option): void {
    const { scheduler, wall } = this.#node;
    const id = this.#random.bytes(17).toString('base64url').slice(0, 22);
    scheduler.after(0, 'an ask', async () => {
      await putInvoiceRequest(this.#ledger, {
        id,
        handle,
        optionId,
        amountMsat: amountMsat ?? plan.msat,
        descriptionHash: this.#random.hex(32),
        client: this.#random.hex(8),
        createdAt: new Date(wall()),
      });
      this.#payAnswer(id, plan, ASKER_LOOKS);
    });
  }

  #payAnswer(id: string, plan: PaymentPlan, looks: number): void {
    const { scheduler, books } = this.#node;
    scheduler.after(LOOK_EVERY_MS, 'look for an answer', async () => {
      const ask = await readInvoiceRequest(this.#ledger, id);
      const invoice = [...books.invoices.values()].find(
        ({ paymentRequest }) => paymentRequest === ask?.paymentRequest,
      );
      if (invoice && books.isPayable(invoice)) {
        // An ask vanishes with time; what is paid then is booked all the same.
        if (this.#random.chance(0.2)) await this.#forgetAsk(id);
        this.#settle(invoice, { ...plan, amountMsat: invoice.amountMsat! });
      } else if (ask?.status === 'open' && looks > 0) this.#payAnswer(id, plan, looks - 1);
    });
  }

  #forgetAsk = (id: string) =>
    this.#engine().execute('DeleteItem', {
      TableName: TABLE,
      Key: { pk: { S: `ask#${id}` }, sk: { S: 'ask' } },
    });

  #invoiceFor({ id, handle }: Option, printed: boolean): NodeInvoice | undefined {
    const current = this.#engine().item(`current#${handle}`, id)?.paymentAddr.S;
    const codes = [...(this.#printed.get(id) ?? [])];
    const addr = printed && codes.length > 0 ? this.#random.pick(codes) : current;
    return addr === undefined ? undefined : this.#node.books.invoices.get(addr);
  }

  #settle(
    invoice: NodeInvoice,
    how: { amountMsat: bigint; shards: number; flaw: Flaw; gap: number; contradicted: boolean },
  ): string {
    const { scheduler, books, wall } = this.#node;
    const { flaw, gap } = how;
    const paid = invoice.isAmp
      ? pay(invoice, { ...how, wall: wall() }, this.#random)
      : payPlain(invoice, { flaw, wall: wall() }, this.#random);
    const set = books.settle(paid, gap);
    scheduler.note(`paid ${set.setId.slice(0, 12)} index ${set.settleIndex} ${set.amountMsat} msat ${flaw}`);
    this.happened.set(set.setId, { set, flaw, gone: false, contradicted: 0 });
    this.#node.tell(set);
    if (how.contradicted && flaw === 'none' && invoice.isAmp) this.#contradictLater(set.setId, 60);
    return set.setId;
  }

  /** Tell a booked payment again with another amount. */
  contradict(setId: string): void {
    const happened = this.happened.get(setId)!;
    happened.contradicted++;
    this.#node.scheduler.note(`told again with another amount: ${setId.slice(0, 12)}`);
    this.#node.tell(withAnotherAmount(happened.set, this.#random));
  }

  isBooked(setId: string): boolean {
    return this.#engine().item(`tip#${setId}`, this.#node.books.pubkey) !== undefined;
  }

  #contradictLater(setId: string, looks: number): void {
    this.#node.scheduler.after(LOOK_EVERY_MS, 'look whether it is booked', () => {
      if (this.isBooked(setId)) this.contradict(setId);
      else if (looks > 0) this.#contradictLater(setId, looks - 1);
    });
  }

  /** A payment to something else at the node. @returns its set id or payment hash */
  strange(kind: Strange, msat: bigint, option: Option | undefined, flaw: Flaw = 'none'): string {
    const { books } = this.#node;
    const how = { amountMsat: msat, shards: 1, flaw, gap: 0, contradicted: false };
    if (kind === 'plain') {
      const terms = { memo: 'rent', amountMsat: msat, expirySeconds: 3_600 };
      return this.#settle(books.addPlain(terms), { ...how, flaw: 'none' });
    }
    if (kind === 'named ask') {
      const text = memo(option?.handle ?? 'nobody', option?.id ?? 'abcdefghij', ` ${'A'.repeat(22)}`);
      const invoice = books.addPlain({ memo: text, amountMsat: msat, expirySeconds: 3_600 });
      this.others.add(invoice.paymentAddr);
      return this.#settle(invoice, { ...how, flaw: 'none' });
    }
    if (kind === 'spontaneous') return this.#settle(books.addSpontaneous(), how);
    const key = kind === 'other key' ? this.#random.bytes(32) : undefined;
    const text =
      kind === 'foreign'
        ? 'rent (not ampjar)'
        : memo(option?.handle ?? 'nobody', kind === 'no option' || !option ? 'abcdefghij' : option.id);
    const copied = kind === 'copied memo' || kind === 'other key' ? this.#memoOf(option) : undefined;
    const invoice = books.addInvoice({ memo: copied ?? text, expirySeconds: A_YEAR_SECONDS }, key);
    this.others.add(invoice.paymentAddr);
    return this.#settle(invoice, how);
  }

  /** What stands in the code of an option, today's or a printed one. */
  #memoOf(option: Option | undefined): string | undefined {
    return option && this.#invoiceFor(option, this.#random.chance(0.5))?.memo;
  }

  /** The table went back to before its secret: what was minted under that and is not in the table is nobody's. */
  orphaned(): void {
    const known = new Set(
      this.#engine()
        .items()
        .map(({ pk }) => pk.S),
    );
    if (known.has('secret#memo')) return;
    for (const paymentAddr of this.#node.books.invoices.keys())
      if (!known.has(`invoice#${paymentAddr}`)) this.orphans.add(paymentAddr);
  }

  /** An operator cancels an invoice that is handed out. */
  cancelOne(): void {
    const current = this.#engine()
      .items()
      .filter(({ pk }) => pk.S.startsWith('current#'));
    if (current.length > 0) this.#node.books.cancel(this.#random.pick(current).paymentAddr.S);
  }

  /** lnd's books went back: what they do not have any more is gone for good. */
  forgotten(): void {
    for (const [setId, happened] of this.happened) happened.gone ||= !this.#node.books.setOf(setId);
  }
}
