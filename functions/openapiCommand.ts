import type { Asked, Outcome } from '../shared/command/command.ts';
import { writeCommitted } from './committed.ts';
import type { COMMITTED } from './flags.ts';
import { openapiText as manageText } from './manage/openapi.ts';
import { openapiText as publicText } from './public/api/openapi.ts';

/** Write the OpenAPI documents of both APIs, or check them. */
export async function openapi({ values }: Asked<typeof COMMITTED>): Promise<Outcome> {
  const documents = { 'public/openapi.json': publicText(), 'manage/openapi.json': manageText() };
  await writeCommitted(documents, values, 'the schemas say; npm run openapi writes it');
  return {};
}
