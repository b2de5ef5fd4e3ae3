import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { enqueue } from '../../functions/deliveries/enqueue.ts';
import type { Post } from '../../functions/webhooks/post.ts';
import { type WorkDeps, work } from '../../functions/webhooks/work.ts';
import { type TipEvent, tipEvent } from '../../shared/contract/tip.ts';
import {
  changeWebhook,
  type DeliveryRef,
  type Ledger,
  putWebhook,
  type Tip,
  type Webhook,
} from '../../shared/ledger/index.ts';
import { tipToItem } from '../../shared/ledger/tips.ts';
import { Engine, type Shape, serviceError, TABLE } from './engine.ts';
import type { Random } from './random.ts';

/** How often things go wrong, from 0 to 1. */
export interface Troubles {
  /** A call of the table has no effect, and fails. */
  readonly refused: number;
  /** A call takes effect, and its answer is lost. */
  readonly unheard: number;
  /** Whoever makes a call dies before it takes effect. */
  readonly killedBefore: number;
  /** The same, right after. */
  readonly killedAfter: number;
  /** A receiver does not take an event. */
  readonly turnedAway: number;
  /** A receiver takes an event, and its answer is lost. */
  readonly answerLost: number;
}

export const NONE: Troubles = {
  refused: 0,
  unheard: 0,
  killedBefore: 0,
  killedAfter: 0,
  turnedAway: 0,
  answerLost: 0,
};

/** Changes what a worker asks of the table, to see whether anyone notices. */
export type Sabotage = (operation: string, input: Shape) => Shape;

const STARTED = Date.UTC(2026, 2, 1);
const ROUNDS_OF_TROUBLE = 12;
const MOST_ROUNDS = 80;
const HANDLES = ['alice', 'bob'];

interface Actor {
  dead: boolean;
}
interface Action {
  readonly actor: Actor;
  readonly what: string;
  readonly effect: () => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}
interface Endpoint {
  readonly webhook: Webhook;
  url: string;
  readonly oldUrls: Set<string>;
  dead: boolean;
}

/**
 * Workers, a table and receivers, of whose calls one after another is let through, in an order that chance decides. What a
 * killed one has asked for never comes back to it.
 */
export class DeliveryWorld {
  /** What went wrong for good. */
  readonly problems: string[] = [];
  /** How often what happened. */
  readonly saw = new Map<string, number>();
  readonly #random: Random;
  readonly #engine: Engine;
  readonly #sabotage: Sabotage;
  #troubles: Troubles;
  #nowMs = STARTED;
  #actions: Action[] = [];
  #endpoints: Endpoint[] = [];
  #events: TipEvent[] = [];
  /** By endpoint and event: bodies that a receiver took. */
  readonly #taken = new Map<string, string[]>();

  private constructor(
    engine: Engine,
    clock: { now: () => number },
    random: Random,
    troubles: Troubles,
    sabotage: Sabotage,
  ) {
    this.#engine = engine;
    this.#random = random;
    this.#troubles = troubles;
    this.#sabotage = sabotage;
    clock.now = () => this.#nowMs;
  }

  static async create(random: Random, troubles: Troubles, sabotage: Sabotage = (_, input) => input) {
    const clock = { now: () => STARTED };
    const engine = await Engine.create(
      () => clock.now(),
      () => clock.now(),
    );
    return new this(engine, clock, random, troubles, sabotage);
  }

  /** Let everything happen, until nothing more is to come. */
  async run(): Promise<this> {
    const plain: Ledger = { client: this.#client(), table: TABLE };
    await this.#settle(plain);
    for (let round = 0; round < MOST_ROUNDS; round++) {
      if (round === ROUNDS_OF_TROUBLE) this.#troubles = NONE;
      if (round > 0 && this.#random.chance(0.1)) await this.#edit(plain);
      await this.#round(round);
      this.#checkDone();
      if (!this.#advance()) break;
    }
    this.#checkAll();
    return this;
  }

  /** Creators with endpoints, and tips that are not queued yet. */
  async #settle(plain: Ledger) {
    const random = this.#random;
    for (const handle of HANDLES) {
      const endpoints = random.int(1, 3);
      for (let number = 0; number < endpoints; number++) {
        const url = `https://${handle}${number}.example/0`;
        const given = { handle, url, events: ['tip.settled' as const] };
        const webhook = await putWebhook(plain, given, this.#now(), (size) => random.bytes(size));
        this.#endpoints.push({ webhook, url, oldUrls: new Set(), dead: number > 0 && random.chance(0.3) });
      }
      const tips = random.int(1, 5);
      for (let sequence = 1; sequence <= tips; sequence++) {
        const tip: Tip = {
          via: 'amp',
          setId: random.hex(32),
          node: `02${'ab'.repeat(32)}`,
          paymentAddr: 'cd'.repeat(32),
          handle,
          optionId: 'coffeeabcd',
          amountMsat: 1_000n,
          settledAt: this.#now(),
          settleIndex: BigInt(sequence),
          sequence: BigInt(sequence),
          shards: 1,
        };
        await this.#engine.execute('PutItem', { TableName: TABLE, Item: tipToItem(tip) });
        this.#events.push(tipEvent(tip));
      }
    }
  }

  /** Give an endpoint another URL. */
  async #edit(plain: Ledger) {
    const endpoint = this.#random.pick(this.#endpoints);
    const { handle, id } = endpoint.webhook;
    const url = `${endpoint.url.slice(0, -1)}${Number(endpoint.url.at(-1)) + 1}`;
    if (url.endsWith('9')) return;
    await changeWebhook(plain, handle, id, { url });
    endpoint.oldUrls.add(endpoint.url);
    endpoint.url = url;
    this.#note('edited');
  }

  /** Two workers at once, and who queues events until that went through; until each has ended or died. */
  async #round(round: number) {
    const random = this.#random;
    const jobs: Promise<unknown>[] = [];
    if (this.#events.some((event) => !this.#isQueued(event))) {
      const actor = { dead: false };
      const ledger = { client: this.#client(actor), table: TABLE };
      jobs.push(this.#mortal(actor, () => enqueue(ledger, random.shuffled(this.#events), this.#now())));
    }
    for (let worker = 0; worker < 2; worker++) {
      const actor = { dead: false };
      const stop = new AbortController();
      if (round < ROUNDS_OF_TROUBLE && random.chance(0.1)) {
        this.#note('timed out');
        this.#queue(actor, 'timeout', async () => stop.abort()).catch(() => {});
      }
      jobs.push(this.#mortal(actor, () => work(this.#deps(actor), this.#hints(), stop.signal)));
    }
    let running = jobs.length;
    for (const job of jobs) {
      void job
        .catch((error) => this.#note(`failed with ${error?.name}`))
        .finally(() => {
          running--;
        });
    }
    for (;;) {
      await new Promise(setImmediate);
      if (running === 0) break;
      const at = random.int(0, this.#actions.length - 1);
      const [action] = this.#actions.splice(at, 1);
      if (!action) throw new Error('nothing is under way, and yet somebody waits');
      await this.#let(action);
    }
    this.#actions = [];
  }

  /** Ends when its work does, or with the death of whoever does it. */
  #mortal(actor: Actor & { killed?: () => void }, job: () => Promise<unknown>): Promise<unknown> {
    const death = new Promise<void>((resolve) => {
      actor.killed = resolve;
    });
    return Promise.race([job(), death]);
  }

  /** Let a call through, with whatever happens to it on the way. */
  async #let({ actor, what, effect, resolve, reject }: Action & { actor: Actor & { killed?: () => void } }) {
    if (actor.dead) return;
    const random = this.#random;
    const { refused, unheard, killedBefore, killedAfter } = this.#troubles;
    const kill = (when: string) => {
      actor.dead = true;
      this.#note(`killed ${when} ${what}`);
      actor.killed?.();
    };
    if (random.chance(killedBefore)) return kill('before');
    const ofTable = what !== 'POST' && what !== 'timeout';
    if (ofTable && random.chance(refused)) {
      this.#note('refused');
      return reject(serviceError('ThrottlingException', 'slow down'));
    }
    const [outcome] = await Promise.allSettled([effect()]);
    if (random.chance(killedAfter)) return kill('after');
    if (ofTable && random.chance(unheard)) {
      this.#note('unheard');
      return reject(new Error('the connection broke'));
    }
    if (outcome.status === 'fulfilled') resolve(outcome.value);
    else reject(outcome.reason);
  }

  #queue(actor: Actor, what: string, effect: () => Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      // The dead ask for nothing.
      if (!actor.dead) this.#actions.push({ actor, what, effect, resolve, reject });
    });
  }

  #client(actor?: Actor): DynamoDBClient {
    const client = {
      send: ({ constructor: made, input }: { constructor: { name: string }; input: Shape }) => {
        const operation = made.name.replace(/Command$/, '');
        if (!actor) return this.#engine.execute(operation, input);
        const claims = operation === 'UpdateItem' && ':claim' in (input.ExpressionAttributeValues ?? {});
        const what =
          operation !== 'UpdateItem'
            ? operation
            : claims
              ? 'claim'
              : ':mine' in input.ExpressionAttributeValues
                ? 'finish'
                : 'UpdateItem';
        return this.#queue(actor, what, () =>
          this.#engine.execute(operation, this.#sabotage(what, structuredClone(input))),
        );
      },
    };
    return client as unknown as DynamoDBClient;
  }

  #deps(actor: Actor): WorkDeps {
    const post: Post = (message) =>
      this.#queue(actor, 'POST', async () => this.#receive(message)) as ReturnType<Post>;
    return {
      ledger: { client: this.#client(actor), table: TABLE },
      post,
      clock: () => this.#now(),
      random: (size) => this.#random.bytes(size),
      sleep: async () => {},
      hint: async () => {},
      report: (error) => this.#note(`reported ${(error as Error).name}`),
    };
  }

  /** What the receiver of a URL does with a message. */
  #receive({ url, headers, body }: Parameters<Post>[0]): Awaited<ReturnType<Post>> {
    const random = this.#random;
    const endpoint = this.#endpoints.find((each) => each.url === url);
    if (!endpoint) {
      this.problems.push(`posted to ${url}, which was replaced before this round`);
      return { status: 200, durationMs: 1 };
    }
    if (endpoint.dead || random.chance(this.#troubles.turnedAway)) return { status: 503, durationMs: 1 };
    const name = `${endpoint.webhook.id} ${headers['webhook-id']}`;
    this.#taken.set(name, [...(this.#taken.get(name) ?? []), body]);
    if (random.chance(this.#troubles.answerLost)) {
      this.#note('answer lost');
      return { error: 'the receiver broke the connection', durationMs: 1 };
    }
    return { status: 200, durationMs: 1 };
  }

  /** What a queue would give a worker: some of what is pending, due or not; or nothing, and it looks for itself. */
  #hints() {
    const random = this.#random;
    if (random.chance(0.3)) return {};
    const refs: DeliveryRef[] = this.#rows()
      .filter(({ state }) => state.S === 'pending')
      .map(({ endpointId, id }) => ({ endpointId: endpointId.S, id: id.S }));
    const some = random.shuffled(refs).slice(0, 10);
    return { Records: some.map((ref, at) => ({ messageId: String(at), body: JSON.stringify(ref) })) };
  }

  #rows = (): Shape[] => this.#engine.items().filter(({ pk }) => pk.S.startsWith('delivery#'));
  #now = () => new Date(this.#nowMs);

  #isQueued = ({ id, data }: TipEvent) =>
    this.#endpoints
      .filter(({ webhook }) => webhook.handle === data.handle)
      .every(({ webhook }) =>
        this.#rows().some(({ endpointId, eventId }) => endpointId.S === webhook.id && eventId.S === id),
      );

  /** Go on to when something is due for a receiver that lives. @returns whether there is anything */
  #advance(): boolean {
    const dues = this.#rows()
      .filter(({ endpointId, state }) => state.S === 'pending' && !this.#isDead(endpointId.S))
      .map(({ due }) => Date.parse(due.S));
    const unqueued = this.#events.some((event) => !this.#isQueued(event));
    if (dues.length === 0 && !unqueued) return false;
    const next = unqueued ? this.#nowMs + 1_000 : Math.min(...dues);
    this.#nowMs = Math.max(this.#nowMs, next) + this.#random.int(0, 2_000);
    return true;
  }

  #isDead = (endpointId: string) => this.#endpoints.find(({ webhook }) => webhook.id === endpointId)!.dead;

  /** Done is what a receiver took, and nothing else. */
  #checkDone() {
    for (const { endpointId, eventId, state } of this.#rows()) {
      const name = `${endpointId.S} ${eventId.S}`;
      if (state.S === 'done' && !this.#taken.has(name))
        this.problems.push(`${name} is done, and was not taken`);
    }
  }

  #checkAll() {
    for (const { webhook, dead } of this.#endpoints) {
      for (const event of this.#events.filter(({ data }) => data.handle === webhook.handle)) {
        const name = `${webhook.id} ${event.id}`;
        const bodies = this.#taken.get(name) ?? [];
        if (!dead && bodies.length === 0) this.problems.push(`${name} was never taken`);
        if (bodies.length > 1) this.#note('taken again');
        if (bodies.some((body) => body !== JSON.stringify(event)))
          this.problems.push(`${name} is another event`);
        this.#taken.delete(name);
      }
    }
    for (const name of this.#taken.keys()) this.problems.push(`${name} is nobody's event`);
    for (const { endpointId, eventId, state } of this.#rows()) {
      if (!this.#isDead(endpointId.S) && state.S !== 'done')
        this.problems.push(`${endpointId.S} ${eventId.S} is ${state.S} in the end`);
    }
  }

  #note(what: string) {
    this.saw.set(what, (this.saw.get(what) ?? 0) + 1);
  }
}
