/** The board of a run that goes on in another process. It loads no test runner: what attacks pauselab uses it too. */
import { join } from 'node:path';
import { isBoardThere, openBoard, type Board } from '../../src/record/board/board.js';

/** Null while there is none, or when its run ended between two looks. */
export function boardIn(folder: string): Board | null {
  const path = join(folder, 'board');
  try {
    return isBoardThere(path) ? openBoard(path) : null;
  } catch {
    return null;
  }
}
