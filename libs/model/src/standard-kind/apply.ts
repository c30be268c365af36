import type { Decided } from '../kind.js';
import { refusals } from '../refusal.js';
import type { Request } from './request.js';

/** Server-side apply. */
export function decideApply(_request: Request): Decided {
  return refusals.badRequest('apply');
}
