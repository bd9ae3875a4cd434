"""The words of a note: its text between tokens, and which of its words the lexicon knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from CausalCLIPSegLib.notes.claims import ParsedStatement
from CausalCLIPSegLib.notes.lexicon import Lexicon
from CausalCLIPSegLib.notes.statements import Statement
from CausalCLIPSegLib.notes.tokens import Token


@dataclass(frozen=True)
class NoteText:
    """A note as text, as tokens with the keys of a lexicon, and this lexicon.

    Attributes:
        others: findings that the checkpoint can outline, too, but not for this note.
    """

    text: str
    tokens: Sequence[Token]
    lexicon: Lexicon
    others: frozenset[str] = frozenset()

    def text_of(self, start: int, stop: int) -> str:
        """Return the text of the tokens `start` to `stop` (exclusive) on one line."""
        stop = max(stop, start + 1)
        keys = {token.key for token in self.tokens[start:stop]}
        if ")" in keys and "(" not in keys and start and self.tokens[start - 1].key == "(":
            start -= 1
        return " ".join(self.text[self.tokens[start].start : self.tokens[stop - 1].stop].split())

    def words(self, start: int, stop: int) -> list[int]:
        """Return the tokens from `start` to `stop` (exclusive) that are words or numbers."""
        return [at for at in range(start, stop) if self.tokens[at].key.isalnum()]

    def known_words(self, statement: Statement) -> int:
        """Return how many words of a statement the lexicon knows; a number is known."""
        keys = (self.tokens[at].key for at in self.words(statement.start, statement.stop))
        return sum(key in self.lexicon.known or not key.isalpha() for key in keys)

    def are_mostly_terms(self, statement: Statement) -> bool:
        """Whether at least three quarters of the words are terms, unlike in "the patient left the hospital"."""
        mentioned = {at for mention in statement.mentions for at in range(mention.start, mention.stop)}
        words = self.words(statement.start, statement.stop)
        return 4 * sum(at in mentioned or self._is_term(self.tokens[at].key) for at in words) >= 3 * len(words)

    def words_of_claim(self, index: int, parsed: ParsedStatement) -> str:
        """Return the words of a claim and of its places, except places beyond another claim."""
        claims, claim = parsed.claims, parsed.claims[index]
        first = index
        while claim.mention.role == "normal" and first and claims[first - 1].has_other_subject:
            first -= 1  # "heart size normal"
        start = claims[first - 1].mention.stop if first else parsed.statement.start
        stop = claims[index + 1].mention.start if index + 1 < len(claims) else parsed.statement.stop
        mentions = [place.mention for place in claim.places if start <= place.mention.start < stop]
        mentions += [claims[first].mention, claim.mention]
        return self.text_of(min(mention.start for mention in mentions), max(mention.stop for mention in mentions))

    def _is_term(self, word: str) -> bool:
        return word in self.lexicon.fillers or (word,) in self.lexicon.terms
