import {
  addCreator,
  addOption,
  closeCreator,
  editCreator,
  type Ledger,
  readCreator,
} from '../../shared/ledger/index.ts';
import { type Truth, unsound } from './checker.ts';
import { Checkpoints } from './checkpoints.ts';
import { Engine, TABLE } from './engine.ts';
import { Fencing } from './fencing.ts';
import { Hand } from './hand.ts';
import { NodeBooks } from './node.ts';
import { type Option, Payers } from './payers.ts';
import type { Away, CreatorPlan, PaymentPlan, Plan } from './plan.ts';
import { ConnectorProcess, type Host } from './process.ts';
import { Random } from './random.ts';
import { type Sabotage, told } from './sabotage.ts';
import { type Actor, Scheduler } from './scheduler.ts';
import { SimNode } from './service.ts';
import { NO_TABLE_FAULTS, SimTable } from './table.ts';
import { befall, planRestore } from './troubles.ts';

export interface WorldOptions {
  /** Told each line of the trace. */
  readonly echo?: ((line: string) => void) | undefined;
  /** Another engine for the table. */
  readonly engine?: typeof Engine;
  readonly sabotage?: ((world: { engine(): Engine; node: string }) => Sabotage) | undefined;
}

interface Machine extends Host {
  process: ConnectorProcess | undefined;
  starts: number;
}

/** Table, node, machines with connectors, creators and payers, and what goes wrong between them. */
export class World {
  readonly plan: Plan;
  readonly scheduler: Scheduler;
  readonly table: SimTable;
  readonly node: SimNode;
  readonly payers: Payers;
  readonly machines: Machine[];
  readonly fencing: Fencing;
  readonly checkpoints: Checkpoints;
  readonly hand: Hand;
  /** What should not have happened on the way. */
  readonly problems: string[] = [];
  /** How often connectors raised an alarm, failed in some way, or said something. */
  readonly saw = new Map<string, number>();
  /** How often sabotage made a difference. */
  sabotaged = 0;
  readonly #random: Random;
  readonly #options: Option[] = [];
  readonly #closed = new Set<string>();
  readonly #ledger: Ledger;
  /** Whether the machines are off. */
  #off = false;
  /** What is to happen to a process with its next transaction. */
  readonly #onTransaction = new Map<Actor, (() => void)[]>();

  private constructor(
    plan: Plan,
    engine: Engine,
    scheduler: Scheduler,
    random: Random,
    options: WorldOptions,
  ) {
    this.plan = plan;
    this.scheduler = scheduler;
    this.#random = random.stream('world');
    const books = new NodeBooks(random.stream('books'), this.wall);
    const made = options.sabotage?.({ engine: () => this.table.engine, node: books.pubkey });
    const sabotage = made && told(made, () => this.sabotaged++);
    this.fencing = new Fencing(() => this.table.engine, books.pubkey);
    this.checkpoints = new Checkpoints(
      () => this.table.engine,
      books.pubkey,
      () => this.truth(),
    );
    this.table = new SimTable({
      engine,
      scheduler,
      random: random.stream('table'),
      faults: plan.table,
      witnesses: [this.fencing, this.checkpoints],
      rewrite: sabotage?.rewrite,
    });
    this.table.onTransaction = (actor, what) => {
      this.hand.sees(what);
      const acts = this.#onTransaction.get(actor) ?? [];
      this.#onTransaction.delete(actor);
      for (const act of acts) act();
    };
    this.node = new SimNode({
      books,
      scheduler,
      random: random.stream('lnd'),
      faults: plan.lnd,
      unordered: plan.unordered,
      wall: this.wall,
      telling: sabotage?.telling,
    });
    this.node.onBrought = (...event) => this.checkpoints.brought(...event);
    this.#ledger = { client: this.table.plainClient(), table: TABLE };
    this.payers = new Payers(this.node, this.#ledger, () => this.table.engine, random.stream('payers'));
    this.hand = new Hand(this.#ledger, () => this.table.engine, random.stream('hand'));
    const names = ['a', 'b'].slice(0, plan.hosts);
    this.machines = names.map((name) => ({ name, skewMs: 0, process: undefined, starts: 0 }));
  }

  /** ms since 1970 */
  wall = (): number => this.plan.begins + this.scheduler.now;

  /** A world at its beginning, with all that is planned for it. */
  static async create(plan: Plan, options: WorldOptions): Promise<World> {
    const random = new Random(`ampjar world ${plan.seed}`);
    const scheduler = new Scheduler(random.stream('order'), options.echo);
    const engine = await (options.engine ?? Engine).create(
      () => scheduler.now,
      () => plan.begins + scheduler.now,
    );
    const world = new World(plan, engine, scheduler, random, options);
    world.payers.history(plan.history);
    for (const creator of plan.creators) {
      if (creator.at === 0) await world.#open(creator);
      else scheduler.after(creator.at, 'a creator comes', () => world.#open(creator));
      const { handle, closesAt } = creator;
      if (closesAt !== undefined) scheduler.after(closesAt, 'a creator closes', () => world.#close(handle));
    }
    for (const payment of plan.payments) {
      scheduler.after(payment.at, 'a payer', () => world.#pay(payment));
    }
    for (const trouble of plan.troubles) {
      scheduler.after(trouble.at, `trouble: ${JSON.stringify(trouble)}`, () => befall(world, trouble));
    }
    if (plan.restore) planRestore(world, plan.restore);
    for (const machine of world.machines) world.start(machine, world.#random.int(0, 3_000));
    return world;
  }

  #pay(payment: PaymentPlan): void {
    const options = this.#optionsOf(this.plan.creators[payment.creator]!.handle);
    if (options.length > 0) this.payers.pay(payment, options[payment.option % options.length]!);
  }

  #optionsOf = (handle: string) => this.#options.filter((option) => option.handle === handle);

  async #open({ handle, fixedMsat, minimumMsat }: CreatorPlan): Promise<void> {
    const now = new Date(this.wall());
    await addCreator(this.#ledger, { handle, name: handle }, now);
    for (const amountMsat of fixedMsat)
      await addOption(this.#ledger, handle, { label: 'fixed', amountMsat }, now, (size) =>
        this.#random.bytes(size),
      );
    if (minimumMsat > 0n) await editCreator(this.#ledger, handle, { minimumMsat });
    const { options } = (await readCreator(this.#ledger, handle))!;
    for (const { id, amountMsat } of options) this.#options.push({ id, handle, amountMsat });
    if (this.#random.chance(0.5)) for (const { process } of this.machines) process?.connector.hint();
  }

  async #close(handle: string): Promise<void> {
    if (this.#optionsOf(handle).length === 0) return;
    await closeCreator(this.#ledger, handle);
    this.#closed.add(handle);
  }

  /** Start a connector on a machine after some ms. */
  start(machine: Machine, ms: number): void {
    this.scheduler.after(ms, `start on ${machine.name}`, () => {
      if (machine.process || this.#off) return;
      const name = `${machine.name}${++machine.starts}`;
      const { scheduler, table, node, wall, plan } = this;
      const saw = (what: string) => this.saw.set(what, (this.saw.get(what) ?? 0) + 1);
      const around = { ...plan, scheduler, table, node, wall, saw };
      const random = this.#random.stream(name);
      const started = new ConnectorProcess(name, machine, around, random, (error) => {
        if (error) this.problems.push(`${name} gave up: ${error}`);
        machine.process = undefined;
        this.start(machine, 500);
      });
      machine.process = started;
      started.begin();
    });
  }

  kill(machine: Machine, requests: 'arrive' | 'lost', restartMs: number): void {
    machine.process?.kill(requests);
    machine.process = undefined;
    this.start(machine, restartMs);
  }

  /** At once, or when a process has sent its next transaction. */
  when(moment: 'now' | 'writing', process: ConnectorProcess | undefined, act: () => void): void {
    if (process?.state !== 'running') return;
    if (moment === 'now') act();
    else this.#onTransaction.set(process, [...(this.#onTransaction.get(process) ?? []), act]);
  }

  /** The table from an earlier time, at another name: connectors are started again to use it. */
  restoreTable(copy: Engine): void {
    for (const machine of this.machines) this.kill(machine, 'lost', this.#random.int(50, 3_000));
    this.table.engine = copy;
    this.fencing.forget();
    this.checkpoints.forget();
  }

  /** All machines go off; after some days payers pay what they printed. */
  async goAway({ ms, payments, indexesRestart }: Away): Promise<void> {
    const { scheduler, node } = this;
    this.#off = true;
    for (const machine of this.machines) this.kill(machine, 'lost', 0);
    node.downUntil = 0;
    await scheduler.run(scheduler.now + ms);
    if (indexesRestart) node.books.restartIndexes();
    for (const payment of payments) this.#pay(payment);
    this.#off = false;
  }

  /** From now on all is well: clocks are right, machines are up, nothing fails. */
  heal(): void {
    const { table, node, scheduler } = this;
    scheduler.note('all is well from now on');
    table.faults = NO_TABLE_FAULTS;
    table.outage = undefined;
    node.heal();
    this.#onTransaction.clear();
    for (const machine of this.machines) {
      machine.skewMs = 0;
      machine.process?.resume();
      if (!machine.process) this.start(machine, 0);
    }
  }

  /** What the table is held against. */
  truth(): Truth {
    const { node, payers, plan } = this;
    return {
      node: node.books.pubkey,
      happened: payers.happened,
      options: new Map(this.#options.map((option) => [option.id, option])),
      minimums: new Map(plan.creators.map(({ handle, minimumMsat }) => [handle, minimumMsat])),
      closed: this.#closed,
      spoiled: this.hand.spoiled,
      lost: this.hand.lost,
      others: payers.others,
      orphans: payers.orphans,
      invoiceOf: (paymentAddr) => node.books.invoices.get(paymentAddr),
      isPayable: (invoice) => node.books.isPayable(invoice),
      highestSettleIndex: node.books.highestSettleIndex,
      now: this.wall(),
    };
  }

  get openOptions(): Option[] {
    return this.#options.filter(({ handle }) => !this.#closed.has(handle));
  }

  /** The machine whose connector leads, if it runs. */
  get leading(): Machine | undefined {
    return this.machines.find(
      ({ process }) => process?.name === this.fencing.leader && process?.state === 'running',
    );
  }

  /** All that is wrong so far, whatever is under way. */
  wrong(): string[] {
    const seen = [...this.problems, ...this.fencing.problems, ...this.checkpoints.problems];
    return [...seen, ...unsound(this.table.engine.items(), this.truth())];
  }
}
