import type { Engine } from './engine.ts';
import type { Actor } from './scheduler.ts';
import type { Witness } from './table.ts';

/** A write of asks and of nothing else, alone or in a transaction. */
const ONLY_INVOICE_REQUESTS = /^(PutItem ask#|TransactWriteItems Put ask#[^ ,]+(, Put ask#[^ ,]+)*$)/;
const ONLY_SIGNS = /^UpdateItem signs#/;

/**
 * Looks on at every write: who writes must lead, and the epoch grows by one each time that someone begins to. Answers to
 * asks are left out: they hand out an invoice that the node has by then, the first one counts, and no money is in them. So are
 * vital signs, which tell of money and change none.
 */
export class Fencing implements Witness {
  readonly problems: string[] = [];
  readonly #engine: () => Engine;
  readonly #node: string;
  #leader: string | undefined;
  #epoch = 0n;

  constructor(engine: () => Engine, node: string) {
    this.#engine = engine;
    this.#node = node;
  }

  /** The process that leads by what the table says, whether it lives or not. */
  get leader(): string | undefined {
    return this.#leader;
  }

  /** The table is another one now. */
  forget(): void {
    this.#leader = undefined;
    this.#epoch = this.#now().epoch;
  }

  #now() {
    const item = this.#engine().item(`node#${this.#node}`, 'node');
    return { epoch: BigInt(item?.epoch.N ?? 0), holder: item?.holder.S as string | undefined };
  }

  after(actor: Actor, what: string): void {
    const { epoch, holder } = this.#now();
    if (ONLY_INVOICE_REQUESTS.test(what) || ONLY_SIGNS.test(what)) return;
    if (epoch === this.#epoch) {
      if (this.#leader !== actor.name)
        this.problems.push(
          `${actor.name} wrote (${what}), and the lease of epoch ${epoch} is ${this.#leader}'s`,
        );
      return;
    }
    if (epoch !== this.#epoch + 1n || holder !== actor.name)
      this.problems.push(`${actor.name} made epoch ${epoch} of ${this.#epoch}, held by ${holder}`);
    this.#epoch = epoch;
    this.#leader = actor.name;
  }
}
