import { existsSync } from 'node:fs';
import { NODE_24 } from '../test/bundles/node24.ts';

export const hasNode24 = (): boolean => existsSync(NODE_24);
export const HOW_TO_GET_NODE_24 = 'Node 24 is missing: npm run node24 installs it';
