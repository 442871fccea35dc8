/**
 * Follows a dotted path whose keys may themselves contain dots: `env.web.console.enabled` is found as
 * `env` → `web.console.enabled` as well as `env` → `web` → `console.enabled`. Longer keys are tried first,
 * with backtracking.
 *
 * @returns the nodes from the first key to the last, or null.
 */
export function followDottedPath<Node>(
  root: Node,
  path: string,
  getChild: (node: Node, key: string) => Node | undefined,
): readonly Node[] | null {
  for (let end = path.length; end > 0; end = path.lastIndexOf('.', end - 1)) {
    const child = getChild(root, path.slice(0, end));
    if (child === undefined) continue;
    if (end === path.length) return [child];
    const rest = followDottedPath(child, path.slice(end + 1), getChild);
    if (rest !== null) return [child, ...rest];
  }
  return null;
}
