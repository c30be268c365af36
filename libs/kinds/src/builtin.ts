import type { Kind } from '#model';
import * as kinds from './all-kinds.js';

/** Every kind that this server has; a new one is a folder and a line in all-kinds.ts. */
export const builtinKinds: readonly Kind[] = Object.values(kinds);
