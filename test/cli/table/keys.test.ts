import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Listener } from '../../../local/table/index.ts';
import { addCreator, createKey, listKeys, readKeyByToken } from '../../../shared/ledger/index.ts';
import { NOW, openBook } from '../../shared/ledger/book.ts';
import { run, wordsOf } from '../stage.ts';

let book: Awaited<ReturnType<typeof openBook>>;
let listener: Listener;
beforeAll(async () => {
  book = await openBook();
  listener = await book.tables.listen(0);
  for (const handle of ['alice', 'bob']) await addCreator(book.ledger, { handle, name: handle }, NOW);
});
afterAll(() => book.close());

const ampjar = (line: string) =>
  run([...wordsOf(line), '--endpoint', `http://127.0.0.1:${listener.port}`, '--table', book.ledger.table]);

describe('ampjar keys bootstrap', () => {
  it('makes the operator’s first key, and prints it this once', async () => {
    const { code, out, err } = await ampjar('keys bootstrap');
    expect(code).toBe(0);
    const found = await readKeyByToken(book.ledger, out.trim());
    expect(found).toMatchObject({ scope: 'write', name: 'made on the table' });
    expect(found).not.toHaveProperty('handle');
    expect(err).toBe(`ampjar: the key is shown this once; its id is ${found!.id}\n`);
  });

  it('names it, and tells programs in JSON', async () => {
    const { out } = await ampjar('keys bootstrap --name "The deployment’s" --json');
    const { key, token } = JSON.parse(out);
    expect(key).toMatchObject({ handle: null, scope: 'write', name: 'The deployment’s', revokedAt: null });
    expect(await readKeyByToken(book.ledger, token)).toMatchObject({ id: key.id });
  });

  it('refuses a name that can’t be one, and makes none', async () => {
    const before = await listKeys(book.ledger, undefined);
    expect(await ampjar('keys bootstrap --name " "')).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringMatching(/^ampjar: name: [^\n]+\n$/),
    });
    expect(await listKeys(book.ledger, undefined)).toEqual(before);
  });
});

describe('ampjar table revoke-key', () => {
  it.each([undefined, 'bob'])('revokes a key of %s by its id alone', async (handle) => {
    const { key, token } = await createKey(
      book.ledger,
      { handle, scope: 'read', name: 'x' },
      NOW,
      randomBytes,
    );
    expect(await ampjar(`table revoke-key ${key.id}`)).toEqual({
      code: 0,
      out: `${key.id}, of ${handle ?? 'the operator'}, opens nothing from now on\n`,
      err: '',
    });
    expect(await readKeyByToken(book.ledger, token)).toBeUndefined();
  });

  it.each(['key_0000000000000000', 'alice'])('knows no key %s', async (id) => {
    expect(await ampjar(`table revoke-key ${id}`)).toEqual({
      code: 2,
      out: '',
      err: `ampjar: KEY_ID: there is no key "${id}"\n`,
    });
  });
});
