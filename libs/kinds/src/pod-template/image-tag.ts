const PART = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const LABEL = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const HOST = `(?:${LABEL}(?:\\.${LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const DIGEST = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const REFERENCE = new RegExp(`^((?:${HOST}/)?${PART}(?:/${PART})*)(?::(\\w[\\w.-]{0,127}))?(?:@(${DIGEST}))?$`);
const NAME_MAX = 255;
const TAG_AND_DIGEST_MAX = 512;

/** The tag of an image: `latest` where neither tag nor digest is said, '' where there is none or the text names no image. */
export function imageTag(image: string): string {
  const found = image.length <= NAME_MAX + TAG_AND_DIGEST_MAX ? REFERENCE.exec(image) : null;
  if (!found) return '';
  const [, name = '', tag, digest] = found;
  // A bare id would be taken for a name.
  if (name.length > NAME_MAX || /^[a-f0-9]{64}$/.test(name)) return '';
  if (digest?.startsWith('sha256:') && !/^sha256:[a-f0-9]{64}$/.test(digest)) return '';
  return tag ?? (digest === undefined ? 'latest' : '');
}
