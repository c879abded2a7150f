/** The board of charts; it comes as a part of its own, when a page that has one is opened. */
export { Board } from '../components/board/Board';
export { BoardState } from '../models/boardState';
