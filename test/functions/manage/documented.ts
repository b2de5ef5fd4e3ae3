import type { z } from '@hono/zod-openapi';
import type { ManageParts } from '../../../functions/manage/operation.ts';
import { emptyApp, manageRoutes } from '../../../functions/manage/routes.ts';
import type { Told } from './stage.ts';

interface Documented {
  readonly method: string;
  readonly path: string;
  readonly operationId: string;
  readonly responses: Record<
    string,
    { headers?: Record<string, unknown>; content?: Record<string, { schema: z.ZodType }> }
  >;
}

const app = emptyApp();
manageRoutes(app, {} as ManageParts);
const routes = app.openAPIRegistry.definitions.flatMap((definition) => {
  if (definition.type !== 'route') return [];
  const route = definition.route as unknown as Documented;
  const pattern = new RegExp(`^${route.path.replaceAll(/\{\w+\}/g, '[^/?]+')}(\\?|$)`);
  return [{ ...route, pattern }];
});

/** The operations that gave their good answer since the process began. */
export const answered = new Set<string>();
export const operationIds = routes.map(({ operationId }) => operationId);

/** Hold an answer against the document: its status, media type, body and ETag are what it says. @throws Error */
export function asDocumented(method: string, path: string, { status, headers, body }: Told): void {
  const route = routes.find((each) => each.method.toUpperCase() === method && each.pattern.test(path));
  const name = `${method} ${path}: ${status}`;
  if (!route) {
    if ([401, 404, 405, 413].includes(status)) return;
    throw new Error(`${name} at an address that is not documented`);
  }
  const response = route.responses[status];
  if (!response)
    throw new Error(`${name} is not among ${Object.keys(route.responses)}: ${JSON.stringify(body)}`);
  const type = headers.get('content-type');
  if (!response.content !== (type === null)) throw new Error(`${name} has content type ${type}`);
  if (response.headers?.ETag && !headers.get('etag')) throw new Error(`${name} has no ETag`);
  if (status < 300) answered.add(route.operationId);
  if (!response.content) return;
  const schema = response.content[type!]?.schema;
  if (!schema) throw new Error(`${name} has content type ${type}, not documented`);
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw new Error(`${name}: ${parsed.error.message}`);
}
