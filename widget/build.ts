import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { bundle } from '../shared/browser/bundle.ts';
import { PUBLIC, writeWhole } from '../shared/command/files.ts';

/** The loader's path under the origin: the address that sites write, for good. */
export const LOADER = 'widget.js';

/** Where the modules lie that the loader imports, each named by its content. */
export const HASHED_FOLDER = 'widget';

const HASH_LENGTH = 20;

const ELEMENT = new URL('element/index.ts', import.meta.url);

/**
 * The widget as the two files that are served: `widget.js`, which imports `widget/<hash>.js`, the whole of it. The first
 * may be cached for minutes (`LOADER_FRESHNESS`), the second for good (`HASHED_FRESHNESS`). Both are modules that other
 * sites load, so they need `Access-Control-Allow-Origin: *` and a JavaScript type.
 * @returns text by path under the origin
 */
export async function widgetFiles(): Promise<Map<string, string>> {
  const module = await bundle(ELEMENT, 'esm');
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
