import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const entry = fileURLToPath(new URL('../../../functions/public/handler.ts', import.meta.url));

/** The CommonJS parts of the SDK ask for `require` in an ES module. */
const BANNER =
  "import{createRequire as ampjarCreateRequire}from'node:module';const require=ampjarCreateRequire(import.meta.url);";

test('the public bundle carries no schema library, no BOLT 11 decoder, no curve and nothing of the other rooms', async () => {
  const { metafile, outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    banner: { js: BANNER },
    write: false,
    metafile: true,
    logLevel: 'error',
  });
  const inputs = Object.keys(metafile.inputs);
  const unwanted =
    /node_modules\/(zod|bolt11|secp256k1|tiny-secp256k1|@noble|bn\.js|elliptic|dynalite|lmdb)\/|(^|\/)(connector|local|infra)\//;
  expect(inputs.filter((input) => unwanted.test(input))).toEqual([]);
  const kilobytes = outputFiles[0]!.contents.length / 1000;
  console.log(`public bundle: ${kilobytes.toFixed(0)} kB`);
  expect(kilobytes).toBeLessThan(500);
});
