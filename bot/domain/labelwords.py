"""The words of labels, as people write them; ``labels`` folds case and accents away."""

from __future__ import annotations

LETTERS = {
    "": "aqrجس",  # every chat: answer, question, and réponse, respuesta, resposta, risposta; Arabic likewise
    "cy": "c",  # cwestiwn
    "de": "f",  # Frage
    "es": "p",  # pregunta
    "it": "d",  # domanda
    "nl": "v",  # vraag
    "pt": "p",  # pergunta
}
"""The single letters that stand for answer or question, by language; the empty name means every chat."""

WORDS = (
    *("answers", "answer", "answ", "ans", "question", "quest"),
    *("réponses", "réponse", "rép", "respuestas", "respuesta", "resp", "pregunta", "preg"),
    *("antwort", "antw", "frage", "ateb", "cwestiwn"),
    *("resposta", "pergunta", "risposta", "domanda", "antwoord", "vraag"),
    *("الإجابة", "إجابة", "الجواب", "جواب", "السؤال", "سؤال"),
    *("回答", "答案", "答", "問題", "问题", "問", "问", "質問"),
    *("उत्तर", "जवाब", "प्रश्न", "सवाल"),
)
"""Whole words mislead nobody, so they count in every chat: answer and question in ten languages."""

# fmt: off
NO_LABEL_BEFORE = frozenset({
    # somebody speaks about the question
    "is", "are", "was", "were", "isn't", "wasn't", "est", "etait", "es", "fue", "ist", "sind", "war", "waren", "yw",
    "oedd", "mae",
    # paper, and the levels of the Common European Framework of Reference for Languages
    "paper", "papers", "sheet", "sheets", "size", "sized", "poster", "posters", "page", "pages", "portrait",
    "landscape", "envelope", "card", "folder", "format",
    "papier", "feuille", "niveau", "folio", "hoja", "nivel", "tamano", "blatt", "seite", "heft", "plakat", "papur",
    "level", "levels", "learner", "learners", "students", "grade",
    # quarters, roads, sauces
    "results", "result", "figures", "earnings", "sales", "budget", "report", "data", "revenue", "profits",
    "ergebnisse", "resultats", "resultados",
    "road", "motorway", "roundabout", "autobahn", "sauce", "zone",
    # ordinals in German
    "klasse", "klassen", "stunde", "stunden", "schuljahr", "halbjahr", "platz", "mal", "tag", "woche", "weltkrieg",
    "teil", "kapitel",
    "januar", "februar", "marz", "april", "mai", "juni", "juli", "august", "september", "oktober", "november",
    "dezember",
})
# fmt: on
"""Folded words behind ``A4``, ``Q1`` or ``2.`` that make it the name of something else."""
