import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { LIVE_CLIENT } from '../shared/browser/liveClient.ts';
import { PUBLIC, writeWhole } from '../shared/command/files.ts';

/** The loader's path under the origin: the address that sites write, for good. */
export const LOADER = 'widget.js';

/** Where the modules lie that the loader imports, each named by its content. */
export const HASHED_FOLDER = 'widget';

const HASH_LENGTH = 20;

const element = fileURLToPath(new URL('element/index.ts', import.meta.url));

/** `ampjar:live`: the very script that pages have as text, as a module. */
const live: Plugin = {
  name: 'live',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^ampjar:live$/ }, ({ path }) => ({ path, namespace: 'live' }));
    onLoad({ filter: /./, namespace: 'live' }, () => ({
      contents: `${LIVE_CLIENT}export { follow, place, sat };`,
    }));
  },
};

/** The element and all it needs as one minified module. */
async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [element],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    charset: 'utf8',
    write: false,
    plugins: [live],
  });
  return outputFiles[0]!.text;
}

/**
 * The widget as the two files that are served: `widget.js`, which imports `widget/<hash>.js`, the whole of it. The first
 * may be cached for minutes (`LOADER_FRESHNESS`), the second for good (`HASHED_FRESHNESS`). Both are modules that other
 * sites load, so they need `Access-Control-Allow-Origin: *` and a JavaScript type.
 * @returns text by path under the origin
 */
export async function widgetFiles(): Promise<Map<string, string>> {
  const module = await bundle();
  const hash = createHash('sha256').update(module).digest('hex').slice(0, HASH_LENGTH);
  const path = `${HASHED_FOLDER}/${hash}.js`;
  return new Map([
    [LOADER, `import './${path}';\n`],
    [path, module],
  ]);
}

/** Write the widget's files into a folder. What lies there already stays. */
export async function buildWidget(folder: string): Promise<void> {
  for (const [path, text] of await widgetFiles()) {
    await writeWhole(join(folder, path), text, PUBLIC);
  }
}
