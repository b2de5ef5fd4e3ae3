import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  addCreator,
  addOption,
  CreatorError,
  closeCreator,
  dueWants,
  HandleError,
  openOptionId,
  readCreator,
  readCreators,
  readOptionOwner,
  setShows,
} from '../../../shared/ledger/index.ts';
import { around, gather, NOW, openBook } from './book.ts';

let book: Awaited<ReturnType<typeof openBook>>;
beforeAll(async () => {
  book = await openBook();
});
afterAll(() => book.close());

const random = (length: number) => randomBytes(length);
const coffee = { label: 'Coffee', amountMsat: 3_000_000n };
const wanted = async () => (await gather(dueWants(book.ledger, NOW))).map((want) => want.optionId);

describe('creators', () => {
  it('a new creator has an open option, wants its invoice, and shows nothing', async () => {
    const added = await addCreator(book.ledger, { handle: 'alice', name: 'Alice 🍯' }, NOW);
    const open = openOptionId('alice');
    expect(added).toMatchObject({ shows: 'nothing', status: 'active', options: [{ id: open }] });
    expect(added.options[0]).not.toHaveProperty('amountMsat');
    expect(await readCreator(book.ledger, 'alice')).toStrictEqual(added);
    expect(await readOptionOwner(book.ledger, open)).toBe('alice');
    expect(await wanted()).toEqual([open]);
  });

  it('a taken handle is refused, and the creator who has it stays as they are', async () => {
    const before = await addCreator(book.ledger, { handle: 'bob', name: 'Bob' }, NOW);
    const again = addCreator(book.ledger, { handle: 'bob', name: 'Eve', shows: 'messages' }, NOW);
    await expect(again).rejects.toThrow(new CreatorError('handle: "bob" is taken'));
    expect(await readCreator(book.ledger, 'bob')).toStrictEqual(before);
  });

  it.each(['admin', 'Al', '../al', 'a'.repeat(10_000)])('the handle %s is refused', async (handle) => {
    await expect(addCreator(book.ledger, { handle, name: 'X' }, NOW)).rejects.toThrow(HandleError);
  });

  it.each(['', '  ', 'x'.repeat(61), 'a\nb', '\ud800', '\u0000'])('the name %j is refused', async (name) => {
    await expect(addCreator(book.ledger, { handle: 'named', name }, NOW)).rejects.toThrow(CreatorError);
    expect(await readCreator(book.ledger, 'named')).toBeUndefined();
  });

  it('a fixed option follows the open one, belongs to its creator and wants an invoice', async () => {
    await addCreator(book.ledger, { handle: 'carol', name: 'Carol' }, NOW);
    const added = await addOption(book.ledger, 'carol', coffee, NOW, random);
    expect((await readCreator(book.ledger, 'carol'))?.options.slice(1)).toStrictEqual([added]);
    expect(await readOptionOwner(book.ledger, added.id)).toBe('carol');
    expect(await wanted()).toContain(added.id);
  });

  it('a creator who is not there has no options to add', async () => {
    await expect(addOption(book.ledger, 'nobody', coffee, NOW, random)).rejects.toThrow(CreatorError);
    expect(await readCreator(book.ledger, 'nobody')).toBeUndefined();
  });

  it('of two changes at once one is refused, whole', async () => {
    await addCreator(book.ledger, { handle: 'dora', name: 'Dora' }, NOW);
    const slow = around(book.ledger, 'TransactWriteItemsCommand', {
      before: () => setShows(book.ledger, 'dora', 'messages'),
    });
    const late = addOption(slow, 'dora', coffee, NOW, random);
    await expect(late).rejects.toThrow('"dora" was changed by someone else at the same time; try again');
    const after = await readCreator(book.ledger, 'dora');
    expect(after).toMatchObject({ shows: 'messages', version: 2n });
    expect(after?.options).toHaveLength(1);
    expect((await gather(dueWants(book.ledger, NOW))).filter((w) => w.handle === 'dora')).toHaveLength(1);
  });

  it('a hundred options are the most', async () => {
    await addCreator(book.ledger, { handle: 'many', name: 'Many' }, NOW);
    for (let at = 0; at < 99; at++) await addOption(book.ledger, 'many', coffee, NOW, random);
    await expect(addOption(book.ledger, 'many', coffee, NOW, random)).rejects.toThrow('100 tip options');
  });

  it('a closed creator stays to be read and takes no further option', async () => {
    await addCreator(book.ledger, { handle: 'erin', name: 'Erin' }, NOW);
    await closeCreator(book.ledger, 'erin');
    expect(await readCreator(book.ledger, 'erin')).toMatchObject({ status: 'closed', name: 'Erin' });
    await expect(addOption(book.ledger, 'erin', coffee, NOW, random)).rejects.toThrow('"erin" is closed');
    await expect(addCreator(book.ledger, { handle: 'erin', name: 'Eve' }, NOW)).rejects.toThrow('is taken');
  });

  it('all creators are listed by handle', async () => {
    const handles = (await gather(readCreators(book.ledger))).map(({ handle }) => handle);
    expect(handles).toEqual(['alice', 'bob', 'carol', 'dora', 'erin', 'many']);
  });
});
