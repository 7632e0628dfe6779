import ts from 'typescript';

/** A piece of a source that runs or does not, found by its place alone: so that processes which compiled it differently can be added up. */
export interface Unit {
  readonly kind: 'statement' | 'function' | 'branch';
  /** Where its code begins, and where it ends, as offsets in the source. */
  readonly start: number;
  readonly end: number;
  /** For the else that an `if` does not have: where that `if` begins. It is taken where the `if` ran more often than what follows. */
  readonly missingElse?: number;
}

const LOGICAL: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.QuestionQuestionToken,
  ts.SyntaxKind.AmpersandAmpersandEqualsToken,
  ts.SyntaxKind.BarBarEqualsToken,
  ts.SyntaxKind.QuestionQuestionEqualsToken,
]);

/** What leaves no code behind, or none that runs where it stands. */
const SILENT: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.Block,
  ts.SyntaxKind.EmptyStatement,
  ts.SyntaxKind.FunctionDeclaration,
  ts.SyntaxKind.ClassDeclaration,
]);

/** The statements, functions and branches of a source: both ways of an `if` and of `?:`, the right side of `&&`, `||` and `??`, the cases of a `switch`. */
export function unitsOf(source: ts.SourceFile): Unit[] {
  const units: Unit[] = [];
  const add = (kind: Unit['kind'], node: ts.Node, of: Partial<Unit> = {}): void => {
    // A block has no place in the maps of all compilers, its first statement has. One without a statement has nothing to run.
    const first = ts.isBlock(node) ? node.statements[0] : node;
    if (first !== undefined) units.push({ kind, start: first.getStart(source), end: node.end, ...of });
  };
  const visit = (node: ts.Node): void => {
    if (isAmbient(node)) return;
    if (ts.isStatement(node) && !SILENT.has(node.kind)) add('statement', node);
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) add('function', node.body);
    if (ts.isIfStatement(node)) {
      add('branch', node.thenStatement);
      if (node.elseStatement) add('branch', node.elseStatement);
      else add('branch', node.thenStatement, { missingElse: node.getStart(source) });
    } else if (ts.isConditionalExpression(node)) {
      add('branch', node.whenTrue);
      add('branch', node.whenFalse);
    } else if (ts.isBinaryExpression(node) && LOGICAL.has(node.operatorToken.kind)) {
      add('branch', node.right);
    } else if (ts.isCaseOrDefaultClause(node) && node.statements[0] !== undefined) {
      add('branch', node.statements[0]);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return units;
}

/** Types, imports and `declare`. */
function isAmbient(node: ts.Node): boolean {
  if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return true;
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return true;
  // `let x: number;` runs nothing.
  if (ts.isVariableStatement(node) && node.declarationList.declarations.every((d) => !d.initializer))
    return true;
  return (
    ts.canHaveModifiers(node) &&
    ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword) === true
  );
}
