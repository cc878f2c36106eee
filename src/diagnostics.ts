/** How findings look in the editor: a category marks the first word, what needs action marks the whole statement. */
import * as vscode from "vscode";

/**
 * Shortens what merely informs to its first word: a specification in which every line is underlined cannot be read.
 * Warnings keep their length, and the Problems view lists all the same.
 */
export function quiet(uri: vscode.Uri, diagnostics: vscode.Diagnostic[]): vscode.Diagnostic[] {
  const document = vscode.workspace.textDocuments.find((open) => open.uri.toString() === uri.toString());
  if (!document) return diagnostics;
  return diagnostics.map((diagnostic) => {
    if (diagnostic.severity < vscode.DiagnosticSeverity.Information) return diagnostic;
    const word = document.getWordRangeAtPosition(diagnostic.range.start);
    const short = word && diagnostic.range.intersection(word);
    if (short && !short.isEmpty) diagnostic.range = short;
    return diagnostic;
  });
}
