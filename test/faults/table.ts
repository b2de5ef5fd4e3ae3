import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type Engine, type Shape, serviceError } from './engine.ts';
import type { Random } from './random.ts';
import type { Actor, Scheduler, Wire } from './scheduler.ts';

/** How often each thing goes wrong with a call, from 0 to 1. */
export interface TableFaults {
  /** Throttled, in conflict, or an error at the service's side: no effect. */
  refused: number;
  /** The connection breaks before the request is there. */
  requestLost: number;
  /** It took effect, and the connection breaks before the answer is here. */
  answerLost: number;
  /** The caller gives up; it takes effect all the same, before that or after. */
  late: number;
  slow: number;
  /** The client sends it a second time by itself. */
  twice: number;
  /** A read that need not be consistent gives what was some seconds ago. */
  stale: number;
  /** A page ends early, a batch is answered in part. */
  partial: number;
}

export const NO_TABLE_FAULTS: TableFaults = {
  refused: 0,
  requestLost: 0,
  answerLost: 0,
  late: 0,
  slow: 0,
  twice: 0,
  stale: 0,
  partial: 0,
};

/** Breaks an invariant on purpose: takes the input of an operation and gives another. */
export type Rewrite = (operation: string, input: Shape, actor: Actor) => Shape;

/** Looks on when a write takes effect. */
export interface Witness {
  after(actor: Actor, what: string): void;
}

const GIVE_UP_MS = 6_000;
const STALE_MOST_MS = 5_000;
const THROTTLED = ['ThrottlingException', 'ProvisionedThroughputExceededException', 'InternalServerError'];
const CANCELLED = ['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded'];

function broken(name: string, message: string): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}

/** The table with all that can happen on the way to it. Calls take effect one at a time, in the scheduler's order. */
export class SimTable {
  faults: TableFaults;
  /** While set, every call fails in this way. */
  outage: 'refused' | 'requestLost' | 'answerLost' | undefined;
  engine: Engine;
  /** Told of each transaction, and of what it is about, when it is on its way. */
  onTransaction: (actor: Actor, what: string) => void = () => {};
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #rewrite: Rewrite | undefined;
  readonly #witnesses: readonly Witness[];

  constructor(parts: {
    engine: Engine;
    scheduler: Scheduler;
    random: Random;
    faults: TableFaults;
    witnesses: readonly Witness[];
    rewrite?: Rewrite | undefined;
  }) {
    this.engine = parts.engine;
    this.#scheduler = parts.scheduler;
    this.#random = parts.random;
    this.faults = parts.faults;
    this.#witnesses = parts.witnesses;
    this.#rewrite = parts.rewrite;
  }

  /** The client of a process under test. */
  clientOf(actor: Actor): DynamoDBClient {
    return this.#client((operation, input) => this.#call(actor, operation, input));
  }

  /** A client without faults, for what the rest of the world does with the table. */
  plainClient(): DynamoDBClient {
    return this.#client((operation, input) => this.engine.execute(operation, input));
  }

  #client(run: (operation: string, input: Shape) => Promise<Shape>): DynamoDBClient {
    const client = {
      send: (command: { constructor: { name: string }; input: Shape }) =>
        run(command.constructor.name.replace(/Command$/, ''), command.input),
    };
    return client as unknown as DynamoDBClient;
  }

  #call(actor: Actor, operation: string, given: Shape): Promise<Shape> {
    const input = this.#rewrite ? this.#rewrite(operation, given, actor) : given;
    const wire = this.#wire(operation, input);
    const twice = this.#random.chance(this.faults.twice);
    // A table that was replaced by a restored copy goes on under its own name.
    const { engine } = this;
    const what = `${operation} ${subject(input)}`;
    const answer = this.#scheduler.request(actor, what, wire, async () => {
      if (twice) await this.#effect(engine, actor, operation, input).catch(() => {});
      return this.#effect(engine, actor, operation, input);
    });
    if (operation === 'TransactWriteItems') this.onTransaction(actor, what);
    return answer;
  }

  async #effect(engine: Engine, actor: Actor, operation: string, input: Shape): Promise<Shape> {
    const random = this.#random;
    const { stale, partial, refused } = this.faults;
    if (operation === 'Query' || operation === 'GetItem' || operation === 'BatchGetItem') {
      const old = isInconsistent(input) && random.chance(stale);
      const source = old ? engine.asOf(random.int(0, STALE_MOST_MS)) : engine;
      return random.chance(partial)
        ? part(source, operation, input, random)
        : source.execute(operation, input);
    }
    const { version } = engine;
    try {
      return await engine.execute(operation, input);
    } catch (error) {
      throw random.chance(refused) ? withConflict(error, random) : error;
    } finally {
      if (engine === this.engine && engine.version !== version)
        for (const each of this.#witnesses) each.after(actor, `${operation} ${subject(input)}`);
    }
  }

  #wire(operation: string, input: Shape): Wire {
    const random = this.#random;
    const { faults, outage } = this;
    const reach = random.int(0, 3);
    const back = reach + random.int(0, 3);
    const fails = (kind: keyof TableFaults) => outage === kind || random.chance(faults[kind]);
    if (fails('refused')) return { reach: undefined, back, error: refusal(operation, input, random) };
    if (fails('requestLost')) return { reach: undefined, back, error: broken('Error', 'read ECONNRESET') };
    if (fails('answerLost')) return { reach, back, error: broken('Error', 'socket hang up') };
    if (random.chance(faults.late)) {
      const error = broken('TimeoutError', `no answer within ${GIVE_UP_MS} ms`);
      return { reach: random.int(0, 2 * GIVE_UP_MS), back: GIVE_UP_MS, error };
    }
    if (random.chance(faults.slow)) {
      const slow = random.int(50, GIVE_UP_MS - 1);
      return { reach: random.int(0, slow), back: slow };
    }
    return { reach, back };
  }
}

function refusal(operation: string, input: Shape, random: Random): Error {
  if (operation !== 'TransactWriteItems') {
    const conflict = operation === 'UpdateItem' && random.chance(0.3);
    return serviceError(conflict ? 'TransactionConflictException' : random.pick(THROTTLED), 'try again');
  }
  if (random.chance(0.5))
    return serviceError(random.pick([...THROTTLED, 'TransactionInProgressException']), 'later');
  const reasons = input.TransactItems.map(() => ({ Code: 'None' }));
  reasons[random.int(0, reasons.length - 1)] = { Code: random.pick(CANCELLED) };
  return serviceError('TransactionCanceledException', 'cancelled', { CancellationReasons: reasons });
}

/** A transaction can meet a condition that fails and another transaction at once. */
function withConflict(error: unknown, random: Random): unknown {
  const reasons: Shape[] | undefined = (error as Shape).CancellationReasons;
  const free = reasons?.flatMap(({ Code }, at) => (Code === 'None' ? [at] : [])) ?? [];
  if (free.length > 0) reasons![random.pick(free)] = { Code: 'TransactionConflict' };
  return error;
}

const isInconsistent = (input: Shape) =>
  input.RequestItems
    ? Object.values<Shape>(input.RequestItems).every(({ ConsistentRead }) => !ConsistentRead)
    : !input.ConsistentRead;

/** An answer that leaves something for another call. */
async function part(engine: Engine, operation: string, input: Shape, random: Random): Promise<Shape> {
  if (operation === 'Query') {
    return engine.execute(operation, { ...input, Limit: Math.min(input.Limit ?? 3, random.int(1, 3)) });
  }
  if (operation !== 'BatchGetItem') return engine.execute(operation, input);
  const [table, asked] = Object.entries<Shape>(input.RequestItems)[0]!;
  const given = random.int(1, asked.Keys.length);
  const now = { [table]: { ...asked, Keys: asked.Keys.slice(0, given) } };
  const rest = given < asked.Keys.length && { [table]: { ...asked, Keys: asked.Keys.slice(given) } };
  const answer = await engine.execute(operation, { RequestItems: now });
  return { ...answer, UnprocessedKeys: rest || {} };
}

/** What a request is about, for the trace. */
function subject(input: Shape): string {
  const keyOf = (key: Shape) => `${key?.pk?.S ?? ''}`.slice(0, 20);
  if (input.TransactItems) {
    return input.TransactItems.map((item: Shape) => {
      const [[kind, action]] = Object.entries<Shape>(item) as [[string, Shape]];
      return `${kind} ${keyOf(action.Key ?? action.Item)}`;
    }).join(', ');
  }
  if (input.RequestItems) {
    return Object.values<Shape>(input.RequestItems)
      .flatMap(({ Keys }) => Keys.map(keyOf))
      .join(', ');
  }
  if (input.Key ?? input.Item) return keyOf(input.Key ?? input.Item);
  return Object.values<Shape>(input.ExpressionAttributeValues)[0].S.slice(0, 20);
}
