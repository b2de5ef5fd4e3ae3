import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  addCreator,
  addOption,
  assignNode,
  dueMintRequests,
  isOfNode,
  keepLease,
  type Lease,
  LeaseLostError,
  type Ledger,
  moveHome,
  putMintRequest,
  readCreator,
  readHint,
  readNode,
  readNodes,
  removeOption,
  reopenCreator,
  requestMint,
  retireNode,
  takeLease,
  WANT_HINT,
  writeHint,
} from '../../../shared/ledger/index.ts';
import { gather, hex, lead, NODE, NOW, openBook } from './book.ts';

const OTHER = `03${hex('other')}`;
const THIRD = `03${hex('third')}`;

let book: Awaited<ReturnType<typeof openBook>>;
let lease: Lease;
let other: Lease;

async function take(node: string, holder: string): Promise<Lease> {
  const seen = await readNode(book.ledger, node);
  const beside = seen ? seen.beside : true;
  return (await takeLease(book.ledger, { node, network: 'regtest', holder, seen, beside }))!;
}

beforeEach(async () => {
  book = await openBook();
  lease = await lead(book.ledger);
  other = await take(OTHER, 'other');
  await addCreator(book.ledger, { handle: 'alice', name: 'Alice' }, NOW);
});
afterEach(() => book.close());

const wanted = async (node?: string) =>
  (await gather(dueMintRequests(book.ledger, NOW, node))).map(({ optionId }) => optionId);
const optionsOf = async () =>
  (await readCreator(book.ledger, 'alice', true))!.options.map(({ id }) => id).sort();
const tea = { label: 'Tea', amountMsat: 1_000n };
let made = 0;
const random = (length: number) => new Uint8Array(length).fill(++made);

describe('a creator', () => {
  it('is of the home without a node of its own, and else of that one', () => {
    expect([lease, other].map((each) => isOfNode(each, {}))).toEqual([true, false]);
    expect([lease, other].map((each) => isOfNode(each, { node: OTHER }))).toEqual([false, true]);
    expect([lease, other].map((each) => isOfNode(each, { node: THIRD }))).toEqual([false, false]);
  });

  it('is assigned to a node with a want there for each option, and wants lie there from then on', async () => {
    const { id } = await addOption(book.ledger, 'alice', tea, NOW, random);
    expect(await assignNode(book.ledger, 'alice', OTHER, NOW)).toMatchObject({ node: OTHER });
    const both = await optionsOf();
    expect((await wanted(OTHER)).sort()).toEqual(both);
    const [later, evenLater] = [1, 2].map((seconds) => new Date(NOW.getTime() + seconds * 1000));
    const added = await addOption(book.ledger, 'alice', tea, later!, random);
    await requestMint(
      book.ledger,
      { handle: 'alice', optionId: added.id, node: OTHER, paymentAddr: hex('x') },
      evenLater!,
    );
    await removeOption(book.ledger, 'alice', id, evenLater!);
    await reopenCreator(book.ledger, 'alice', evenLater!);
    const there = await gather(dueMintRequests(book.ledger, evenLater!, OTHER));
    expect(there.every(({ node }) => node === OTHER)).toBe(true);
    expect(there.map(({ optionId }) => optionId).filter((each) => !both.includes(each))).not.toEqual([]);
    // What was wanted before lies where it lay, to be passed on.
    expect((await wanted()).sort()).toEqual(both);
  });

  it('whose move broke off before its wants were put has them when it is moved again, and no new version', async () => {
    const { client, table } = book.ledger;
    let transactions = 0;
    const send = (command: { constructor: { name: string } }) => {
      if (command.constructor.name === 'TransactWriteItemsCommand' && ++transactions === 2)
        throw new Error('killed');
      return client.send(command as never);
    };
    const broken: Ledger = { client: { send } as unknown as typeof client, table };
    await expect(assignNode(broken, 'alice', OTHER, NOW)).rejects.toThrow('killed');
    expect(await wanted(OTHER)).toEqual([]);
    const { version } = (await readCreator(book.ledger, 'alice', true))!;
    expect(await assignNode(book.ledger, 'alice', OTHER, NOW)).toMatchObject({ version });
    expect(await wanted(OTHER)).toEqual(await optionsOf());
  });

  it('is of no node in particular again when it is assigned to the home', async () => {
    await assignNode(book.ledger, 'alice', OTHER, NOW);
    expect(await assignNode(book.ledger, 'alice', NODE, NOW)).not.toHaveProperty('node');
  });

  it('can’t be assigned to a node that the table does not know', async () => {
    await expect(assignNode(book.ledger, 'alice', THIRD, NOW)).rejects.toThrow(/does not know "03/);
    expect(await readCreator(book.ledger, 'alice', true)).toMatchObject({ version: 1n });
  });
});

describe('the home', () => {
  it('moves under both leases: nobody writes by what was before', async () => {
    expect(await moveHome(book.ledger, { from: NODE, to: OTHER })).toBe(true);
    for (const held of [lease, other]) {
      await expect(keepLease(book.ledger, held)).rejects.toThrow(LeaseLostError);
      const want = { handle: 'alice', optionId: 'x', due: NOW };
      await expect(putMintRequest(book.ledger, held, want)).rejects.toThrow(LeaseLostError);
    }
    expect(await take(NODE, 'first')).toMatchObject({ home: false });
    expect(await take(OTHER, 'other')).toMatchObject({ home: true });
  });

  it.each([
    ['from a node that is not it', { from: OTHER, to: NODE }],
    ['to a node that is not known', { from: NODE, to: THIRD }],
    ['to itself', { from: NODE, to: NODE }],
  ])('does not move %s', async (_, move) => {
    expect(await moveHome(book.ledger, move).catch(() => false)).toBe(false);
    await keepLease(book.ledger, lease);
    expect(await readNode(book.ledger, NODE)).not.toHaveProperty('beside');
  });
});

describe('a node', () => {
  it('that is retired is off the list, and on it when its connector comes again', async () => {
    expect(await retireNode(book.ledger, OTHER)).toBe(true);
    expect(await gather(readNodes(book.ledger))).toEqual([NODE]);
    expect(await take(OTHER, 'again')).toMatchObject({ home: false, epoch: other.epoch + 1n });
    expect((await gather(readNodes(book.ledger))).sort()).toEqual([NODE, OTHER].sort());
  });

  it('that is the home, or unknown, is not retired', async () => {
    expect(await retireNode(book.ledger, NODE)).toBe(false);
    expect(await retireNode(book.ledger, THIRD)).toBe(false);
    expect(await readNode(book.ledger, THIRD)).toBeUndefined();
  });
});

describe('a hint', () => {
  const id = 'A-_bcdefghijklmnopqrst';
  it.each([
    [WANT_HINT, undefined],
    [WANT_HINT, OTHER],
    [id, undefined],
    [id, OTHER],
  ])('about %s of node %s is read as it was written', (about, node) => {
    expect(readHint(writeHint(about, node))).toEqual({ about, ...(node && { node }) });
  });
});
