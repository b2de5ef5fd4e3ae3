import {
  ConditionalCheckFailedException,
  DynamoDBServiceException,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb';
import { itemKey } from '../../local/table/keys.ts';
import { protocol } from '../../local/table/protocol.ts';
import { tableDefinition } from '../../shared/ledger/index.ts';
import { MemoryStore } from './memoryStore.ts';

export const TABLE = 'ampjar';

/** A request or an answer of DynamoDB's API, of whatever shape. */
// biome-ignore lint/suspicious/noExplicitAny: what it holds depends on the operation
export type Shape = any;

/** An item as it is stored: attribute values as they travel, bytes in base64. */
export type StoredItem = Record<string, Shape>;

/** An error of the service as the SDK throws it. */
export function serviceError(name: string, message: string, fields: Shape = {}): Error {
  const more = { message, $metadata: {}, ...fields };
  if (name === 'TransactionCanceledException') return new TransactionCanceledException(more);
  if (name === 'ConditionalCheckFailedException') return new ConditionalCheckFailedException(more);
  const $fault = name === 'InternalServerError' ? 'server' : 'client';
  return new DynamoDBServiceException({ name, $fault, ...more });
}

/** Bytes travel in base64. Buffers have become another object by the time a replacer sees them, so it looks at the holder. */
function toWire(this: Shape, name: string, value: unknown) {
  const held = this[name];
  return held instanceof Uint8Array ? Buffer.from(held).toString('base64') : value;
}

const fromWire = (name: string, value: unknown) =>
  name === 'B' && typeof value === 'string' ? new Uint8Array(Buffer.from(value, 'base64')) : value;

/**
 * The embedded table's own code on a store in memory, asked by the SDK's commands. What the SDK does between a command
 * and the wire is left out, for it costs ten times what the table does.
 */
export class Engine {
  readonly #store: MemoryStore;
  readonly #clock: () => number;
  readonly #answerTo: ReturnType<typeof protocol>;

  /** @param clock ms since 1970, for client tokens */
  constructor(store: MemoryStore, clock: () => number) {
    this.#store = store;
    this.#clock = clock;
    this.#answerTo = protocol(store.store(), { region: 'us-east-1', clock });
  }

  /** An engine with the table in it. @param now ms of a clock that never jumps; `clock` is ms since 1970 */
  static async create(now: () => number, clock: () => number): Promise<Engine> {
    const engine = new this(new MemoryStore(now), clock);
    await engine.execute('CreateTable', tableDefinition(TABLE));
    return engine;
  }

  /** Run an operation. @throws what the SDK throws */
  async execute(operation: string, input: Shape): Promise<Shape> {
    const body = Buffer.from(JSON.stringify(input, toWire));
    const answer = await this.#answerTo(`DynamoDB_20120810.${operation}`, body);
    const output = JSON.parse(Buffer.from(answer.body).toString(), fromWire);
    if (answer.status === 200) return output;
    const { __type, message, ...fields } = output;
    throw serviceError(__type.slice(__type.indexOf('#') + 1), message, fields);
  }

  /** Grows with each change of an item. */
  get version(): number {
    return this.#store.version;
  }

  items(): StoredItem[] {
    return [...this.#store.shelves.items.values.values()] as StoredItem[];
  }

  item(pk: string, sk: string): StoredItem | undefined {
    const key = itemKey(1, ['pk', 'sk'], { pk: { S: pk }, sk: { S: sk } });
    return this.#store.shelves.items.get(key) as StoredItem | undefined;
  }

  /** The table as it was some ms ago. */
  asOf(ms: number): Engine {
    return new Engine(this.#store.asOf(ms), this.#clock);
  }

  copy(): Engine {
    return new Engine(this.#store.copy(), this.#clock);
  }
}
