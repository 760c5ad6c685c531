"""What people write who want something of us, as they write it; ``commands`` folds case, accents and marks away.

Each phrase is a whole post. Those under ``SINGLE`` are one word that may well be an answer to a question, so they mean
less inside a question's thread.
"""

from __future__ import annotations

from typing import Literal

Phrased = Literal[
    "keep",
    "remove-this",
    "remove-me",
    "initials",
    "no-name",
    "full-name",
    "list",
    "unlist",
    "remind",
    "forget",
    "research",
    "no-research",
    "record",
    "end-badges",
    "coming",
    "not-coming",
    "also",
    "not-also",
    "alone",
]

NAMING: tuple[Phrased, ...] = ("also", "not-also")
"""Those that name one other account, wherever among the words that stands; without it they mean nothing."""

# fmt: off
PHRASES: dict[str, dict[Phrased, tuple[str, ...]]] = {
    "en": {
        "keep": ("keep my answers", "keep my answer", "keep all my answers"),
        "remove-this": ("remove this", "remove this answer", "remove this post", "remove my answer", "delete this",
                        "delete this answer", "delete my answer"),
        "remove-me": ("remove me", "remove all my answers", "remove my answers", "delete me", "delete my answers",
                      "delete all my answers", "forget me", "unsubscribe me"),
        "initials": ("initials only", "only initials", "only my initials", "my initials only"),
        "no-name": ("no name", "without name", "without my name"),
        "full-name": ("full name", "my full name", "use my full name", "with my full name"),
        "list": ("list me",),
        "unlist": ("unlist me", "do not list me", "don't list me"),
        "remind": ("remind me", "remind me later"),
        "forget": ("forget it", "forget about it", "do not remind me", "don't remind me", "stop reminding me"),
        "research": ("research yes", "yes to research"),
        "no-research": ("research no", "no to research"),
        "record": ("my record", "send me my record", "make my record"),
        "end-badges": ("end my badges", "end my badge", "revoke my badges", "revoke my badge"),
        "coming": ("i am coming", "i'm coming", "i will come", "i'll come"),
        "not-coming": ("i am not coming", "i'm not coming", "i will not come", "i can't come", "i cannot come"),
        "also": ("i am also", "i'm also"),
        "not-also": ("i am not", "i'm not", "i am no longer", "i'm no longer"),
        "alone": ("only this account", "this account only", "just this account"),
    },
    "cy": {
        "keep": ("cadwch fy atebion", "cadw fy atebion", "cadwa fy atebion"),
        "remove-this": ("tynnwch hwn", "tynnwch hyn", "tynnwch yr ateb hwn", "dilëwch hwn", "dilëwch yr ateb hwn",
                        "dileu hwn", "dileu hyn", "dileu'r ateb hwn"),
        "remove-me": ("tynnwch fi", "tynnwch fy atebion", "dilëwch fi", "dilëwch fy atebion", "dileu fy atebion"),
        "initials": ("blaenlythrennau yn unig", "llythrennau cyntaf yn unig"),
        "no-name": ("dim enw", "heb enw", "heb fy enw"),
        "full-name": ("enw llawn", "fy enw llawn"),
        "list": ("rhestrwch fi", "ychwanegwch fi at y rhestr"),
        "unlist": ("tynnwch fi o'r rhestr", "peidiwch â fy rhestru"),
        "remind": ("atgoffwch fi", "atgoffa fi"),
        "forget": ("anghofiwch hyn", "anghofiwch amdano", "anghofia hyn", "peidiwch â fy atgoffa"),
        "research": ("ymchwil ie", "ymchwil iawn"),
        "no-research": ("ymchwil na", "na i ymchwil"),
        "record": ("fy nghofnod", "fy nghofnod i"),
        "end-badges": ("diddymwch fy mathodynnau", "diddymwch fy mathodyn", "diddyma fy mathodynnau"),
        "coming": ("rwy'n dod", "rydw i'n dod", "dw i'n dod", "byddaf yn dod"),
        "not-coming": ("dydw i ddim yn dod", "dwi ddim yn dod", "dw i ddim yn dod", "ni fyddaf yn dod"),
        "also": ("fi hefyd yw", "fi yw hefyd", "ydw i hefyd"),
        "not-also": ("nid fi yw", "nid ydw i", "nid fi yw bellach"),
        "alone": ("y cyfrif hwn yn unig", "dim ond y cyfrif hwn"),
    },
    "de": {
        "keep": ("meine antworten behalten", "behaltet meine antworten", "behalte meine antworten",
                 "antworten behalten"),
        "remove-this": ("das entfernen", "dies entfernen", "entferne das", "entfernt das", "das löschen",
                        "lösche das", "löscht das", "diese antwort entfernen", "diese antwort löschen"),
        "remove-me": ("mich entfernen", "entferne mich", "entfernt mich", "mich löschen", "lösche mich",
                      "löscht mich", "meine antworten entfernen", "meine antworten löschen"),
        "initials": ("nur initialen", "nur meine initialen"),
        "no-name": ("kein name", "ohne name", "ohne namen", "ohne meinen namen"),
        "full-name": ("voller name", "vollständiger name", "mit vollem namen", "mein voller name"),
        "list": ("auf die liste", "setzt mich auf die liste", "setze mich auf die liste"),
        "unlist": ("von der liste", "nehmt mich von der liste", "nimm mich von der liste"),
        "remind": ("erinnere mich", "erinnert mich", "erinnere mich daran", "erinnert mich daran", "mich erinnern"),
        "forget": ("vergiss es", "vergesst es", "nicht mehr erinnern", "erinnere mich nicht", "erinnert mich nicht"),
        "research": ("forschung ja", "ja zur forschung"),
        "no-research": ("forschung nein", "nein zur forschung"),
        "record": ("mein nachweis", "meinen nachweis"),
        "end-badges": ("meine abzeichen widerrufen", "mein abzeichen widerrufen", "widerruft meine abzeichen",
                       "widerrufe meine abzeichen", "meine badges widerrufen"),
        "coming": ("ich komme",),
        "not-coming": ("ich komme nicht", "ich komme doch nicht"),
        "also": ("ich bin auch", "ich bin ebenfalls"),
        "not-also": ("ich bin nicht", "ich bin nicht mehr"),
        "alone": ("nur dieses konto", "nur dieser account"),
    },
    "es": {
        "keep": ("guardar mis respuestas", "guarda mis respuestas", "guardad mis respuestas",
                 "guarden mis respuestas", "conservar mis respuestas"),
        "remove-this": ("quitar esto", "quita esto", "quitad esto", "borrar esto", "borra esto", "borrad esto",
                        "eliminar esto", "quita esta respuesta", "borra esta respuesta"),
        "remove-me": ("quitarme", "quítame", "quitadme", "borrarme", "bórrame", "borradme", "elimíname",
                      "quitar mis respuestas", "quita mis respuestas", "borrar mis respuestas",
                      "borra mis respuestas"),
        "initials": ("solo iniciales", "solo mis iniciales", "solo las iniciales"),
        "no-name": ("sin nombre", "sin mi nombre"),
        "full-name": ("nombre completo", "mi nombre completo", "con nombre completo"),
        "list": ("ponme en la lista", "ponedme en la lista", "inclúyeme en la lista"),
        "unlist": ("quítame de la lista", "quitadme de la lista", "sácame de la lista"),
        "remind": ("recuérdame", "recuérdamelo", "recordadme", "recordádmelo", "recuérdenmelo"),
        "forget": ("olvídalo", "olvidadlo", "olvídenlo", "no me lo recuerdes", "no me lo recordéis"),
        "research": ("investigación sí", "sí a la investigación"),
        "no-research": ("investigación no", "no a la investigación"),
        "record": ("mi registro",),
        "end-badges": ("anular mis insignias", "anula mis insignias", "anulad mis insignias", "anulen mis insignias",
                       "revocar mis insignias", "anular mi insignia"),
        "coming": ("voy a ir", "voy a venir"),
        "not-coming": ("no voy a ir", "no voy a venir", "no puedo ir"),
        "also": ("también soy", "yo también soy", "soy también"),
        "not-also": ("no soy", "yo no soy", "ya no soy"),
        "alone": ("solo esta cuenta", "solamente esta cuenta", "únicamente esta cuenta"),
    },
    "fr": {
        "keep": ("garder mes réponses", "garde mes réponses", "gardez mes réponses", "conserver mes réponses",
                 "conservez mes réponses"),
        "remove-this": ("retirer ceci", "retire ceci", "retirez ceci", "supprimer ceci", "supprime ceci",
                        "supprimez ceci", "retirer cette réponse", "retirez cette réponse",
                        "supprimer cette réponse", "supprimez cette réponse"),
        "remove-me": ("me retirer", "retire-moi", "retirez-moi", "supprime-moi", "supprimez-moi", "oubliez-moi",
                      "retirer mes réponses", "retirez mes réponses", "supprimer mes réponses",
                      "supprimez mes réponses"),
        "initials": ("initiales seulement", "seulement mes initiales", "initiales uniquement"),
        "no-name": ("sans nom", "sans mon nom", "pas de nom"),
        "full-name": ("nom complet", "mon nom complet", "avec mon nom complet"),
        "list": ("ajoutez-moi à la liste", "ajoute-moi à la liste", "inscrivez-moi sur la liste"),
        "unlist": ("retirez-moi de la liste", "retire-moi de la liste"),
        "remind": ("rappelle-moi", "rappelez-moi", "rappelle-le-moi", "rappelez-le-moi"),
        "forget": ("oublie ça", "oubliez ça", "laisse tomber", "laissez tomber", "ne me le rappelez pas"),
        "research": ("recherche oui", "oui à la recherche"),
        "no-research": ("recherche non", "non à la recherche"),
        "record": ("mon relevé",),
        "end-badges": ("révoquer mes badges", "révoque mes badges", "révoquez mes badges", "révoquer mon badge",
                       "révoquez mon badge"),
        "coming": ("je viens", "je viendrai"),
        "not-coming": ("je ne viens pas", "je ne viendrai pas"),
        "also": ("je suis aussi", "je suis également"),
        "not-also": ("je ne suis pas", "je ne suis plus"),
        "alone": ("ce compte seulement", "seulement ce compte", "uniquement ce compte", "ce compte uniquement"),
    },
}

SINGLE: dict[str, dict[Literal["join", "stop"], tuple[str, ...]]] = {
    "en": {"join": ("join",), "stop": ("stop", "unsubscribe")},
    "cy": {"join": ("ymuno",), "stop": ("stopio", "stopiwch")},
    "de": {"join": ("mitmachen", "beitreten"), "stop": ("stopp",)},
    "es": {"join": ("unirme", "me apunto"), "stop": ("parar", "alto")},
    "fr": {"join": ("rejoindre",), "stop": ("arrêt", "arrêter", "arrêtez")},
}

HOSTS: dict[str, dict[Literal["approve-digest", "stop-digest"], tuple[str, ...]]] = {
    "en": {"approve-digest": ("approve", "approved", "approve digest", "approve the digest"),
           "stop-digest": ("stop digest", "stop the digest")},
    "cy": {"approve-digest": ("cymeradwyo", "cymeradwywch", "cymeradwyo'r crynodeb"),
           "stop-digest": ("atal y crynodeb", "ataliwch y crynodeb")},
    "de": {"approve-digest": ("freigeben", "freigegeben", "zusammenfassung freigeben"),
           "stop-digest": ("zusammenfassung anhalten", "zusammenfassung stoppen")},
    "es": {"approve-digest": ("aprobar", "aprobado", "aprobar el resumen"),
           "stop-digest": ("detener el resumen", "parar el resumen")},
    "fr": {"approve-digest": ("approuver", "approuvé", "approuver le résumé"),
           "stop-digest": ("arrêter le résumé", "stopper le résumé")},
}
"""What hosts answer to the private message about a digest that is held."""

COURTESIES = (
    "please", "pls", "os gwelwch yn dda", "bitte", "bitte sehr", "por favor", "s'il vous plaît", "s'il te plaît", "svp",
    "stp",
)
"""Words that may stand before or behind a command, in any chat."""

THANKS = (
    "thanks", "thank you", "thankyou", "thx", "ta", "cheers", "diolch", "diolch yn fawr", "danke", "danke schön",
    "vielen dank", "gracias", "muchas gracias", "merci", "merci beaucoup",
)
"""The same; and who thanks us without a command is never answered."""

VERBS = {
    "en": ("remove", "delete", "erase", "unlist", "unsubscribe"),
    "cy": ("dileu", "dilëwch", "tynnwch"),
    "de": ("entfernen", "entferne", "entfernt", "löschen", "lösche", "löscht"),
    "es": ("quitar", "quítame", "borrar", "bórrame", "borra", "eliminar", "elimina"),
    "fr": ("retirer", "retirez", "supprimer", "supprimez", "effacer", "effacez"),
}
"""Who uses one of these to us, in a few words, most likely wants something that we did not understand."""

OPENINGS = {
    "en": ("keep", "join", "stop", "list", "initials", "leave"),
    "cy": ("cadwch", "ymuno", "stopiwch", "rhestrwch", "blaenlythrennau"),
    "de": ("behalte", "behaltet", "mitmachen", "beitreten", "stopp", "initialen"),
    "es": ("guarda", "guardad", "guardar", "unirme", "iniciales"),
    "fr": ("garder", "gardez", "rejoindre", "initiales"),
}
"""These say so only as the first word: in mid-sentence they are everybody's words."""
# fmt: on
