"""What a field is about, by the words of its name: a tool's argument, or a field of a structured answer."""

from classroom.standin.meanings.words import word_set

PLACES = word_set(
    "city cities location place town country destination origin where region area address airport room"
)
FREE = word_set(
    "query question text input prompt message content request body instruction instructions search q "
    "reason summary explanation description caption"
)
COUNTED = word_set("id number code reference no sku")
MAIL = word_set("email mail recipient recipients to")
LINK = word_set("url uri link")
MATHS = word_set("expression equation formula")
MONEY = word_set("currency symbol ticker from to")
NAMES = word_set(
    "name title subject person who language target topic artist author product item timezone zone"
)
TIMES = word_set("date day when time datetime deadline")
# whose texts are a name, a date or the like in a prompt, and no text about it
SPECIAL = PLACES | COUNTED | MAIL | LINK | MATHS | MONEY | NAMES | TIMES
