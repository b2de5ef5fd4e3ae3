import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { OutboxDeps } from '../../functions/outbox/publish.ts';
import type { StreamRecord } from '../../functions/outbox/stream.ts';
import { sequenceOf } from '../../local/table/keys.ts';
import type { Store, StreamEntry } from '../../local/table/store.ts';
import type { TipEvent } from '../../shared/contract/tip.ts';
import type { Item } from '../../shared/ledger/codec.ts';
import { tableDefinition } from '../../shared/ledger/index.ts';
import { Engine, type Shape, serviceError, TABLE } from './engine.ts';
import { MemoryStore } from './memoryStore.ts';
import type { Random } from './random.ts';

/** The store in memory, with the stream of what was changed. */
class StreamedStore extends MemoryStore {
  readonly records: StreamRecord[] = [];

  override store(): Store {
    const put = (key: Buffer, { event, at, keys, after }: StreamEntry) => {
      const SequenceNumber = String(sequenceOf(key)).padStart(21, '0');
      const dynamodb = {
        Keys: keys,
        NewImage: after,
        SequenceNumber,
        ApproximateCreationDateTime: at / 1000,
      };
      // Items of the store are replaced, never changed.
      this.records.push({ eventID: SequenceNumber, eventName: event, dynamodb } as StreamRecord);
    };
    return { ...super.store(), stream: { put } as never };
  }
}

/** What of an instance's calls goes wrong. */
export interface Troubles {
  /** Before it takes effect. */
  readonly refused: number;
  /** It takes effect, and the answer gets lost. */
  readonly answerLost: number;
  /** The call, counted from 0, at which the instance is killed; before it takes effect or after. */
  readonly killAt?: number;
}

export const NO_TROUBLES: Troubles = { refused: 0, answerLost: 0 };

/** Input of a command to the table, changed: a fault that was put in to be found. */
export type Rewrite = (command: string, input: Shape) => Shape;

/** Something that takes events: each as JSON by id. */
export class Taker {
  readonly told = new Map<string, string[]>();
  /** Refuses a batch with one of these ids, each time. */
  readonly never = new Set<string>();

  take(events: readonly TipEvent[]): void {
    if (events.some(({ id }) => this.never.has(id)))
      throw serviceError('ValidationException', 'not this one');
    for (const event of events)
      this.told.set(event.id, [...(this.told.get(event.id) ?? []), JSON.stringify(event)]);
  }
}

/** A table with its stream, and what events are handed to, in simulated time. */
export class EventWorld {
  now = Date.parse('2026-11-24T11:00:00Z');
  readonly webhooks = new Taker();
  readonly live = new Taker();
  /** Alarms by name, and how many tips were told to be late. */
  readonly alarms = new Map<string, number>();
  lateTips = 0;
  kills = 0;
  readonly #store = new StreamedStore(() => this.now);
  readonly #engine = new Engine(this.#store, () => this.now);
  readonly #random: Random;
  readonly #rewrite: Rewrite;

  constructor(random: Random, rewrite: Rewrite = (_, input) => input) {
    this.#random = random;
    this.#rewrite = rewrite;
  }

  start() {
    return this.#engine.execute('CreateTable', tableDefinition(TABLE));
  }

  get records(): readonly StreamRecord[] {
    return this.#store.records;
  }

  /** What is in the table of a kind, by sort key, without asking for it. */
  items(pk: string): Map<string, Item> {
    const found = new Map<string, Item>();
    for (const item of this.#engine.items()) if (item.pk.S === pk) found.set(item.sk.S, item);
    return found;
  }

  /** A client without faults. */
  readonly ledger = { table: TABLE, client: this.#client((run) => run()) };

  #client(around: (run: () => Promise<unknown>) => Promise<unknown>, rewrite: Rewrite = (_, input) => input) {
    const send = (command: { constructor: { name: string }; input: Shape }) => {
      const name = command.constructor.name.replace(/Command$/, '');
      return around(() => this.#engine.execute(name, rewrite(name, command.input)));
    };
    return { send } as unknown as DynamoDBClient;
  }

  /**
   * Run work as an instance of a function that may be killed: nothing of it happens from then on.
   * @returns what the work gave, or undefined when it was killed
   */
  async run<T>(troubles: Troubles, work: (deps: OutboxDeps) => Promise<T>): Promise<T | undefined> {
    const random = this.#random;
    let calls = 0;
    let isDead = false;
    let die = () => {};
    const killed = new Promise<undefined>((resolve) => {
      die = () => {
        isDead = true;
        this.kills++;
        resolve(undefined);
      };
    });
    const never = new Promise<never>(() => {});
    const down = () => serviceError('InternalServerError', 'down');

    const call = async (effect: () => unknown): Promise<unknown> => {
      if (isDead) return never;
      const at = calls++;
      // Calls of several instances take turns.
      for (let turns = random.int(0, 3); turns > 0; turns--) await undefined;
      if (isDead) return never;
      const before = at === troubles.killAt && random.chance(0.5);
      if (!before) {
        if (random.chance(troubles.refused)) throw down();
        const answer = await effect();
        if (at !== troubles.killAt) {
          if (random.chance(troubles.answerLost)) throw down();
          return answer;
        }
      }
      die();
      return never;
    };
    const deps: OutboxDeps = {
      ledger: { table: TABLE, client: this.#client(call, this.#rewrite) },
      clock: () => new Date(this.now),
      enqueue: (events) => call(() => this.webhooks.take(events)),
      publish: (events) => call(() => this.live.take(events)),
      report: (alarm, seen: Shape) => {
        if (isDead) return;
        this.alarms.set(alarm, (this.alarms.get(alarm) ?? 0) + 1);
        if (alarm === 'late') this.lateTips += seen.tips;
      },
    };
    return Promise.race([work(deps), killed]);
  }
}
