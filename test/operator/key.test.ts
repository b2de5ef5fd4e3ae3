import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEmbeddedTable } from '../../local/table/index.ts';
import { isBadInput, run } from '../../operator/keyCommands.ts';
import { addCreator, readKeyByToken } from '../../shared/ledger/index.ts';
import { NOW, openBook } from '../shared/ledger/book.ts';

let book: Awaited<ReturnType<typeof openBook>>;
beforeAll(async () => {
  book = await openBook();
  for (const handle of ['alice', 'bob']) await addCreator(book.ledger, { handle, name: handle }, NOW);
});
afterAll(() => book.close());

async function key(...args: string[]): Promise<string> {
  const lines: string[] = [];
  await run(args, {
    ledger: book.ledger,
    now: () => NOW,
    random: (length) => randomBytes(length),
    print: (line) => lines.push(line),
  });
  return lines.join('\n');
}

describe('npm run key', () => {
  it('makes the operator’s first key, shows it once, and lists it without', async () => {
    const [line, token] = (await key('add', '--operator')).split('\n');
    expect(line).toMatch(/^key_\w{16} {2}operator {2}write {2}"made at the command line" {2}never used$/);
    const found = await readKeyByToken(book.ledger, token!);
    expect(found).toMatchObject({ scope: 'write' });
    expect(found).not.toHaveProperty('handle');
    const list = await key('list');
    expect(list).toContain(found!.id);
    expect(list).not.toContain(token!);
  });

  it('makes a creator’s key, of a scope and a name, in JSON', async () => {
    const made = JSON.parse(
      await key('add', '--creator', 'alice', '--scope', 'read', '--name', 'Overlay', '--json'),
    );
    expect(made.key).toMatchObject({ handle: 'alice', scope: 'read', name: 'Overlay', revokedAt: null });
    expect(await readKeyByToken(book.ledger, made.token)).toMatchObject({ id: made.key.id });
    expect(JSON.parse(await key('list', '--creator', 'alice', '--json'))).toEqual([made.key]);
    expect(JSON.parse(await key('list', '--creator', 'bob', '--json'))).toEqual([]);
  });

  it('revokes a key by its id, whosever it is', async () => {
    const made = JSON.parse(await key('add', '--creator', 'bob', '--json'));
    expect(await key('revoke', made.key.id)).toContain('revoked');
    expect(await readKeyByToken(book.ledger, made.token)).toBeUndefined();
    expect(await key('list')).toMatch(new RegExp(`${made.key.id} {2}bob .* revoked `));
  });

  it.each<[string[], RegExp]>([
    [[], /^command: "" is not one of/],
    [['toString'], /^command: "toString"/],
    [['add'], /^add: whose is missing, expected --operator or --creator HANDLE$/],
    [['add', '--operator', '--creator', 'alice'], /^add: --operator and --creator exclude each other$/],
    [['add', '--creator', 'nobody'], /^handle: there is no creator "nobody"$/],
    [['add', '--creator', '../x'], /^creator: "\.\.\/x" can't be/],
    [['add', '--operator', '--scope', 'all'], /^scope: "all" is not one of read, write$/],
    [['add', '--operator', '--name', ' '], /^name: /],
    [['add', 'x', '--operator'], /^add: 1 words came after it, expected none$/],
    [['revoke'], /^revoke: 0 words came after it, expected KEY_ID$/],
    [['revoke', 'key_0000000000000000'], /^KEY_ID: there is no key "key_0000000000000000"$/],
    [['revoke', 'alice'], /^KEY_ID: there is no key "alice"$/],
    [['revoke', 'x', '--scope', 'read'], /^revoke: --scope has no meaning here$/],
    [['list', '--colour'], /--colour/],
  ])('refuses %j in one line, and changes nothing', async (args, message) => {
    const before = await key('list', '--json');
    const error: Error = await key(...args).then(
      () => expect.unreachable(),
      (failure) => failure,
    );
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('\n');
    expect(isBadInput(error)).toBe(true);
    expect(await key('list', '--json')).toBe(before);
  });

  it('runs as a command, on a table of this machine', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'ampjar-key-'));
    const tables = await openEmbeddedTable({ dir, clock: Date.now });
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const command = (...args: string[]) =>
      promisify(execFile)('npx', ['tsx', 'operator/key.ts', ...args], { cwd: root });
    try {
      const { port } = await tables.listen(0);
      const at = ['--endpoint', `http://127.0.0.1:${port}`];
      await expect(command('list', ...at)).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^table: there is no "ampjar" at /),
      });
      await expect(command('add', ...at)).rejects.toMatchObject({ code: 2 });
      expect((await command('--help')).stdout).toContain('Usage: npm run key');
    } finally {
      await tables.close();
      await rm(dir, { recursive: true });
    }
  });
});
