import { DeleteItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { compareSums, type Ledger, replaceSums } from '../../shared/ledger/index.ts';
import { keyItem, keys } from '../../shared/ledger/keys.ts';
import { proveGone } from '../shared/ledger/bookedTips.ts';
import type { Happened } from './checker.ts';
import type { Engine, StoredItem } from './engine.ts';
import type { Random } from './random.ts';

/** Someone who changes the table by hand, and mends it by `npm run rebuild-totals`, while connectors run. */
export class Hand {
  /** Creators whose totals are wrong until they are mended. */
  readonly spoiled = new Set<string>();
  /** Sequence numbers whose rows are gone, by creator. */
  readonly lost = new Map<string, Set<bigint>>();
  /** What to do when a creator's tips are on their way into the table. */
  readonly #onBooking = new Map<string, () => void>();
  readonly #ledger: Ledger;
  readonly #engine: () => Engine;
  readonly #random: Random;

  constructor(ledger: Ledger, engine: () => Engine, random: Random) {
    this.#ledger = ledger;
    this.#engine = engine;
    this.#random = random;
  }

  #one(fits: (item: StoredItem) => boolean): StoredItem | undefined {
    const found = this.#engine().items().filter(fits);
    return found.length === 0 ? undefined : this.#random.pick(found);
  }

  /** Put a sum of some creator one too high. @returns whose */
  async spoil(): Promise<string | undefined> {
    const item = this.#one(({ pk, sk }) => pk.S.startsWith('totals#') && sk.S === 'all');
    if (!item) return undefined;
    const handle: string = item.pk.S.slice('totals#'.length);
    this.spoiled.add(handle);
    await this.#ledger.client.send(
      new UpdateItemCommand({
        TableName: this.#ledger.table,
        Key: keyItem(keys.totals(handle)),
        UpdateExpression: 'ADD amountMsat :one',
        ExpressionAttributeValues: { ':one': { N: '1' } },
      }),
    );
    return handle;
  }

  /** When tips of a creator are next on their way into the table. */
  whenBooking(handle: string, act: () => void): void {
    this.#onBooking.set(handle, act);
  }

  /** A transaction is on its way. @param what its actions, each with the start of its key */
  sees(what: string): void {
    for (const [handle, act] of this.#onBooking) {
      if (!what.includes(`totals#${handle}`)) continue;
      this.#onBooking.delete(handle);
      act();
    }
  }

  /** Sum up a creator's rows, and put that in place. */
  async mend(handle: string): Promise<void> {
    const compared = await compareSums(this.#ledger, handle);
    if (!compared || !(await replaceSums(this.#ledger, compared))) throw new Error('nobody came in between');
    this.spoiled.delete(handle);
  }

  /** Delete the row of a payment that lnd has and will not tell of in another way, and prove it gone. */
  async loseRow(happened: ReadonlyMap<string, Happened>): Promise<void> {
    const row = this.#one(({ pk, via, handle }) => {
      const of = pk.S.startsWith('tip#') ? happened.get(pk.S.slice('tip#'.length)) : undefined;
      return (
        of !== undefined &&
        via.S === 'amp' &&
        !of.gone &&
        of.contradicted === 0 &&
        !this.spoiled.has(handle.S)
      );
    });
    if (!row) return;
    const handle: string = row.handle.S;
    const { table, client } = this.#ledger;
    await client.send(new DeleteItemCommand({ TableName: table, Key: { pk: row.pk, sk: row.sk } }));
    this.lost.set(handle, new Set([...(this.lost.get(handle) ?? []), BigInt(row.sequence.N)]));
    await proveGone(this.#ledger, handle);
  }
}
