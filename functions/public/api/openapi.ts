import { ROUTES } from '../routes/index.ts';
import { component, reading, TAGS } from './reading.ts';
import { SCHEMAS } from './schemas.ts';

/** The description of all that anyone may ask, OpenAPI 3.1, from the schemas of its answers. */
export function openapiDocument() {
  return {
    openapi: '3.1.1',
    info: {
      title: 'Ampjar, the reading side',
      version: '1',
      license: { name: 'MIT', identifier: 'MIT' },
      contact: { name: 'Whoever runs this service' },
      description:
        'Static, reusable Lightning invoices of creators, and the tips paid to them. Amounts are decimal strings of ' +
        'millisatoshi, times ISO 8601 in UTC. Any site may read, and nobody needs a key.',
    },
    servers: [{ url: '/' }],
    security: [],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths: Object.fromEntries(
      Object.keys(TAGS).flatMap((tag) =>
        ROUTES.filter((route) => route.tag === tag).map((route) => [route.path, reading(route)]),
      ),
    ),
    components: {
      schemas: Object.fromEntries(Object.entries(SCHEMAS).map(([name, schema]) => [name, component(schema)])),
    },
  };
}

/** The document as it stands in `openapi.json`. */
export const openapiText = () => `${JSON.stringify(openapiDocument(), null, 2)}\n`;
