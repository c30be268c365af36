import { aboutOf, refusals, type Decided, type Request } from '#model';

/** POST of a TokenRequest: decides what the token claims; the API signs it. */
export function decideToken(request: Request): Decided {
  return refusals.notFound(aboutOf(request, request.command.name));
}
