/** The kinds of problem that only who comes with an API key meets, as in problem.ts. */
export const KEYED_KINDS = {
  unauthorized: [401, 'The request has no API key that holds'],
  forbidden: [403, 'The API key does not go so far'],
  'unknown-key': [404, 'There is no such API key'],
  'unknown-webhook': [404, 'There is no such webhook endpoint'],
  taken: [409, 'The name is taken'],
  refused: [409, 'It can’t be done in the present state'],
  'in-progress': [409, 'The same request is being carried out'],
  changed: [409, 'Others changed the same at the same time'],
  stale: [412, 'It was changed since it was read'],
  'too-large': [413, 'The body is too large'],
  'unsupported-media-type': [415, 'The body is not JSON'],
  'key-reused': [422, 'The idempotency key came with another request before'],
  'precondition-required': [428, 'A change needs to say what it changes'],
  'too-many-requests': [429, 'The creator’s API keys asked too often'],
} as const satisfies Record<string, readonly [number, string]>;
