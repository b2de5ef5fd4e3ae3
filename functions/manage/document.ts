import type { ManageParts } from './operation.ts';
import { emptyApp, manageRoutes } from './routes.ts';

/** The description of the API, OpenAPI 3.1, from the schemas that requests are checked by. */
export function documentOf() {
  const app = emptyApp();
  manageRoutes(app, {} as ManageParts);
  app.openAPIRegistry.registerComponent('securitySchemes', 'apiKey', {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key, `ampjar_...`, of scope read or write.',
  });
  const document = app.getOpenAPI31Document({
    openapi: '3.1.1',
    info: {
      title: 'Ampjar, the creator’s API',
      version: '1',
      contact: { name: 'Whoever runs this service' },
      license: { name: 'MIT', url: 'https://opensource.org/license/mit' },
      description:
        'Creators, tip options, tips, webhooks and keys. Amounts are decimal strings of millisatoshi, times ISO 8601 in UTC, errors problem+json (RFC 9457).',
    },
    servers: [{ url: '/' }],
    tags: [
      { name: 'operator', description: 'For keys of the operator.' },
      { name: 'creator', description: 'For keys of the creator in the path, and of the operator.' },
      { name: 'anyone', description: 'For every key.' },
    ],
  });
  return withSharedProblems(document);
}

type Document = ReturnType<ReturnType<typeof emptyApp>['getOpenAPI31Document']>;
type Operations = Record<string, { responses: Record<string, object> }>;

/** A problem is the same at each operation, and so is said once. */
function withSharedProblems(document: Document): Document {
  const shared: Record<string, object> = {};
  for (const operations of Object.values(document.paths as Record<string, Operations>)) {
    for (const { responses } of Object.values(operations)) {
      for (const status of Object.keys(responses).filter((each) => Number(each) >= 400)) {
        shared[`Problem${status}`] = responses[status]!;
        responses[status] = { $ref: `#/components/responses/Problem${status}` };
      }
    }
  }
  return { ...document, components: { ...document.components, responses: shared as never } };
}
