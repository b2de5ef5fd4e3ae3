import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Listener } from '../../../local/table/index.ts';
import { addCreator, editCreator, readCreator, takeLease } from '../../../shared/ledger/index.ts';
import { lead, NODE, NOW, openBook } from '../../shared/ledger/book.ts';
import { run } from '../stage.ts';

let book: Awaited<ReturnType<typeof openBook>>;
let listener: Listener;
beforeAll(async () => {
  book = await openBook();
  listener = await book.tables.listen(0);
  await lead(book.ledger);
  for (const handle of ['alice', 'bob']) await addCreator(book.ledger, { handle, name: handle }, NOW);
});
afterAll(() => book.close());

const endpoint = () => `http://127.0.0.1:${listener.port}`;
const nodes = (words: readonly string[], at = endpoint()) =>
  run(['nodes', ...words, '--endpoint', at, '--table', book.ledger.table]);

describe('ampjar nodes', () => {
  it('lists the nodes with what they have, and creators with their nodes', async () => {
    const { out } = await nodes(['list', '--json']);
    expect(JSON.parse(out)).toMatchObject([{ node: NODE, network: 'regtest', home: true, creators: 2 }]);
    expect((await nodes(['list'])).out).toContain(`${NODE}  regtest  home  `);
    expect((await nodes(['creators'])).out).toBe('alice  the home\nbob  the home\n');
    expect(JSON.parse((await nodes(['creators', 'bob', '--json'])).out)).toEqual([
      { handle: 'bob', node: null },
    ]);
  });

  it.each([
    [['creators', 'nobody'], 'HANDLE: there is no creator "nobody"'],
    [['assign', 'alice', 'her own'], 'NODE: "her own" is not the pubkey of a node'],
    [['assign', 'alice', `02${'f7'.repeat(32)}`], /^node: the table does not know "02f7/],
    [['retire', NODE], /is the home of creators who have no node of their own/],
  ])('refuses %j in one line with exit code 2', async (words, line) => {
    const { code, out, err } = await nodes(words);
    expect([code, out]).toEqual([2, '']);
    expect(err.replace(/^ampjar: /, '').trimEnd()).toMatch(line);
    expect(err.trimEnd()).not.toContain('\n');
  });

  it('ends with 1 when another changed the creator at the same time, and changes nothing', async () => {
    // Between the command's read and its write, the other's change arrives.
    const between = createServer(async (request, response) => {
      const target = String(request.headers['x-amz-target']);
      if (target.endsWith('.TransactWriteItems'))
        await editCreator(book.ledger, 'alice', { shows: 'amounts' });
      const answer = await fetch(endpoint(), {
        method: 'POST',
        headers: { 'x-amz-target': target, 'content-type': String(request.headers['content-type']) },
        body: await buffer(request),
      });
      response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(await answer.text());
    });
    await once(between.listen(0, '127.0.0.1'), 'listening');
    const other = `03${'a1'.repeat(32)}`;
    const terms = {
      node: other,
      network: 'regtest',
      holder: 'other',
      seen: undefined,
      beside: true,
    } as const;
    await takeLease(book.ledger, terms);
    const { port } = between.address() as AddressInfo;
    const late = await nodes(['assign', 'alice', other], `http://127.0.0.1:${port}`);
    between.close();
    expect(late).toEqual({
      code: 1,
      out: '',
      err: 'ampjar: "alice" was changed by someone else at the same time; try again\n',
    });
    expect(await readCreator(book.ledger, 'alice')).toMatchObject({ shows: 'amounts' });
  });
});
