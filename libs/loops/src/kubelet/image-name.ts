const DOMAIN =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?$/;
const PATH_PART = /^[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;

/** Why this is no image name, in the words of `InvalidImageName`; undefined when it is one. */
export function imageNameProblem(image: string): string | undefined {
  const why = problemOf(image);
  return why === undefined
    ? undefined
    : `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format${why}`;
}

function problemOf(image: string): string | undefined {
  const { domain, rest } = split(image);
  const remote = rest.split(':')[0] ?? rest;
  if (remote !== remote.toLowerCase())
    return `: repository name (${domain || remote.includes('/') ? remote : `library/${remote}`}) must be lowercase`;
  if (domain && !DOMAIN.test(domain)) return '';
  const at = rest.indexOf('@');
  if (at >= 0 && !DIGEST.test(rest.slice(at + 1))) return '';
  const tagged = at >= 0 ? rest.slice(0, at) : rest;
  const colon = tagged.indexOf(':');
  if (colon >= 0 && !TAG.test(tagged.slice(colon + 1))) return '';
  const path = colon >= 0 ? tagged.slice(0, colon) : tagged;
  return path.split('/').every((part) => PATH_PART.test(part)) ? undefined : '';
}

/** The registry is what stands before the first slash, if it looks like a host. */
function split(image: string): { readonly domain: string; readonly rest: string } {
  const slash = image.indexOf('/');
  const first = image.slice(0, Math.max(slash, 0));
  const isDomain = slash > 0 && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase());
  return isDomain ? { domain: first, rest: image.slice(slash + 1) } : { domain: '', rest: image };
}

/** The name with a registry's default tag. */
export function withDefaultTag(image: string): string {
  const slash = image.lastIndexOf('/');
  return image.includes('@') || image.indexOf(':', slash + 1) >= 0 ? image : `${image}:latest`;
}
