import type { TerminalSize } from '#model';

/**
 * Reads what a client says of its terminal. kubectl writes `Width`, the JavaScript library `width`: Kubernetes takes
 * both, because Go reads names of fields in any case.
 */
export function parseTerminalSize(text: string): TerminalSize | undefined {
  const fields = new Map(Object.entries(parsed(text)).map(([name, value]) => [name.toLowerCase(), value]));
  const [width, height] = [fields.get('width'), fields.get('height')];
  return typeof width === 'number' && typeof height === 'number' ? { Width: width, Height: height } : undefined;
}

function parsed(text: string): object {
  try {
    return Object(JSON.parse(text)) as object;
  } catch {
    return {};
  }
}
