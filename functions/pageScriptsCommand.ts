import type { Asked, Outcome } from '../shared/command/command.ts';
import { writeCommitted } from './committed.ts';
import type { COMMITTED } from './flags.ts';
import { builtScripts } from './pages/buildScripts.ts';

/** Write the scripts of pages, or check them. */
export async function pageScripts({ values }: Asked<typeof COMMITTED>): Promise<Outcome> {
  await writeCommitted(await builtScripts(), values, 'its modules build to; npm run page-scripts writes it');
  return {};
}
