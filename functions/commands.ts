import { command } from '../shared/command/command.ts';
import { OPENAPI } from './flags.ts';

export const openapiCommands = [
  command({
    name: 'dev openapi',
    words: [],
    flags: OPENAPI,
    summary: 'write the OpenAPI documents of both APIs from their schemas',
    examples: ['dev openapi --check'],
    run: async (asked) => (await import('./openapiCommand.ts')).openapi(asked),
  }),
];
