"""Words for the grader's prompts and file names: common, harmless and many.

Latin words are plain ASCII letters, so that one prompt asks no more of an app than another. None of them is likely in
an app's own template ("draw", "story", "voice"), since a prompt is recognised by them.
"""

from collections.abc import Mapping


def _words(listed: str) -> tuple[str, ...]:
    return tuple(listed.split())


ANIMALS = _words(
    "heron otter badger falcon lizard walrus donkey beaver pelican raccoon hedgehog squirrel tortoise sparrow magpie "
    "leopard panther gazelle buffalo penguin puffin ostrich hamster ferret weasel rooster pigeon swallow kestrel "
    "vulture dolphin octopus lobster oyster salmon beetle cricket firefly hornet mantis spaniel terrier mustang "
    "caribou antelope giraffe zebra meerkat mongoose platypus wombat koala gecko iguana toucan parrot cockatoo "
    "flamingo stork raven goldfinch bullfinch nightingale woodpecker kingfisher seahorse starfish jellyfish mackerel"
)

OBJECTS = _words(
    "lantern kettle piano violin trumpet ladder bucket basket blanket pillow candle mirror teapot saucer hammer "
    "chisel compass telescope barometer typewriter bicycle tricycle scooter wagon trolley canoe raft kayak anchor "
    "rudder parasol umbrella suitcase backpack satchel notebook envelope postcard calendar hourglass pendulum "
    "accordion banjo cello flute harmonica tambourine cushion armchair cupboard drawer doorbell chimney weathervane "
    "windmill fountain sundial birdcage aquarium greenhouse wheelbarrow "
    "trellis flowerpot scarecrow snowman sledge skateboard surfboard parachute balloon kite marionette puppet "
    "jigsaw chessboard domino marble thimble button ribbon bracelet necklace brooch crown goblet pitcher ladle whisk"
)

PLACES = _words(
    "harbour meadow orchard vineyard canyon glacier lagoon estuary waterfall hillside riverbank seashore lighthouse "
    "cottage farmhouse barnyard courtyard balcony rooftop attic cellar pantry library museum gallery theatre bakery "
    "brewery workshop foundry shipyard railway station platform tunnel viaduct bridge quarry forest thicket moorland "
    "prairie savanna tundra desert oasis island peninsula archipelago volcano plateau valley village marketplace "
    "crossroads roundabout playground stadium observatory laboratory monastery cathedral lakeside campsite treehouse"
)

ADJECTIVES = _words(
    "sleepy cheerful curious gentle clumsy patient stubborn polite nervous elegant rusty dusty muddy frosty misty "
    "sunlit moonlit windswept crooked slender sturdy hollow narrow ancient modern forgotten crowded silent noisy "
    "fragrant velvety woolly feathery striped spotted speckled checkered painted polished carved knitted woven folded "
    "floating drifting wandering dancing whistling humming laughing yawning napping juggling swimming climbing "
    "crimson scarlet amber golden emerald turquoise indigo violet ivory silvery bronze copper wooden marble paper "
    "enormous tiny rounded tangled tidy shabby brave shy proud thrifty jolly solemn witty dreamy"
)

TIMES = _words(
    "dawn sunrise breakfast noontime midday teatime sunset twilight dusk midnight springtime midsummer autumn "
    "harvest winter january february march april june july august september october november december monday tuesday "
    "wednesday thursday friday saturday sunday"
)

PEOPLE = _words(
    "Amina Anders Beatrix Bruno Carmen Cedric Chidi Clara Dalia Darius Edith Elena Emeka Esther Fatima Felix Freya "
    "Gideon Greta Hamid Hanna Hugo Ingrid Irina Ismael Jasmin Joost Kamala Katya Kenji Lamar Leila Linnea Lorenzo "
    "Magda Malik Marisol Mateus Mirela Nadia Nikhil Noura Olive Omar Oscar Paloma Petra Priya Quentin Rafael Ramona "
    "Rashid Rosalind Samir Saskia Selma Stefan Sunita Tamara Tariq Theo Ursula Valeria Viktor Wanda Wiebke Ximena "
    "Yasmin Yusuf Zelda Zoltan"
)

TRADES = _words(
    "baker plumber gardener carpenter librarian fisherman beekeeper postman tailor cobbler blacksmith clockmaker "
    "shepherd miller potter weaver sculptor botanist geologist surgeon dentist optician cartographer electrician "
    "locksmith violinist acrobat juggler astronomer biologist chemist historian archivist ferryman lifeguard "
    "mechanic bricklayer glazier roofer welder forester ranger winemaker cheesemaker chocolatier confectioner florist"
)

# by the slot of a template; an article is only put before words that begin with a consonant
LISTS: Mapping[str, tuple[str, ...]] = {
    "animal": tuple(word for word in ANIMALS if word[0] not in "aeiou"),
    "object": tuple(word for word in OBJECTS if word[0] not in "aeiou"),
    "place": tuple(word for word in PLACES if word[0] not in "aeiou"),
    "adjective": tuple(word for word in ADJECTIVES if word[0] not in "aeiou"),
    "time": TIMES,
    "person": PEOPLE,
    "trade": tuple(word for word in TRADES if word[0] not in "aeiou"),
}

# small letters and spaces alone, at most about 70 characters
PLAIN = (
    "a {adjective} {animal} with a {object} near the {place}",
    "the {trade} who lost a {object} at the {place}",
    "two {adjective} friends find a {object} by the {place}",
    "my {adjective} {animal} sleeps on the {object} at {time}",
    "why the {trade} gave the {animal} a {adjective} {object}",
    "{time} at the {place} with a {adjective} {animal}",
    "the {adjective} {object} of a {trade}",
    "how a {animal} crossed the {place} in {time}",
    "one {animal} and one {trade} under a {adjective} {object}",
    "please think of a {adjective} {place} and a {animal}",
    "a {object} for the {trade} and a {object} for the {animal}",
    "behind the {place} lives a {adjective} {trade}",
    "some {time} thoughts about a {object} in the {place}",
    "old {object} beside a {adjective} {place} at {time}",
    "what the {animal} saw from the {adjective} {place}",
    "grandmother keeps her {adjective} {object} in the {place}",
    "when {time} comes the {trade} visits the {place}",
    "no {animal} has ever seen this {adjective} {object}",
    "birthday of the {adjective} {trade} at the {place}",
    "rain over the {place} and a {adjective} {animal}",
    "three {object} sellers meet a {trade} on {time}",
    "her {object} is full of {adjective} {animal} toys",
    "they carried the {object} across the {place} before {time}",
    "something about {time} and a {adjective} {trade}",
)

# what people type when they take their time: capitals, digits and the commonest punctuation
SENTENCES = (
    "{person} bought {number} tickets to the {place}. What would a {adjective} {animal} say?",
    "Dear {person}, the {object} you sent in {year} still hangs in the {place}!",
    "It is {time}, {year}: a {adjective} {trade} opens the {place} for the first time.",
    "Please, something cheerful for {person}, who turns {number} and loves every {animal}.",
    "A {trade} named {person} keeps {number} things in a {adjective} {object}, but why?",
    "Tell {person} about the {place}: it has a {object}, a {animal} and room for {number} guests.",
    "{person} and {person} meet at the {place} on {time}, and one brings a {adjective} {object}.",
    "Room {number}, the {place}. A {adjective} {animal} waits, since {year}, for a {trade}.",
    "We need a {adjective} {object} for our {place} by {time}; {person} has {number} ideas.",
    "My neighbour {person}, a {adjective} {trade}, found a {animal} and {number} coins in a {object}.",
)

# as in SENTENCES, in other languages and scripts; each slot takes one of the words
FOREIGN: Mapping[str, tuple[str, tuple[tuple[str, ...], ...]]] = {
    "text": (
        "{} {} и {} около {}, {number}",
        (
            _words("сонный весёлый рыжий старый мокрый добрый хитрый гордый смешной тихий белый чёрный"),
            _words("барсук пекарь рыбак журавль почтальон ёжик садовник воробей филин жираф слон дельфин"),
            _words("чайник фонарь рояль компас сундук зонтик самокат колокол глобус барабан коврик кувшин"),
            _words("маяка вокзала озера моста леса музея театра причала завода колодца вулкана рынка"),
        ),
    ),
    "image": (
        "{} {} für {} am {}, {number}",
        (
            _words(
                "Fröhliche Müde Schöne Grüne Kühle Dünne Süße Größere Jährliche Nächtliche Östliche Höfliche"
            ),
            _words("Brücken Bäume Gärten Türme Hüte Körbe Züge Vögel Stühle Bücher Äpfel Schlüssel"),
            _words("Jürgen Käthe Björn Günter Sören Jörg Bärbel Rüdiger Zoë Renée André Chloé"),
            _words(
                "Müggelsee Schloßplatz Königsufer Römerberg Süßbach Lößhang Mühlenweg Bärenfels Grünwald Höhenzug "
                "Kälberhof Straßenrand"
            ),
        ),
    ),
    "audio": (
        "{}と{}が{}で{}を見る、{number}",
        (
            _words("きつね たぬき うさぎ ねずみ ひつじ にわとり からす かもめ くじら いるか とかげ すずめ"),
            _words("先生 船長 画家 漁師 農夫 医者 大工 記者 歌手 詩人 学生 店員"),
            _words("図書館 動物園 灯台 市場 公園 温泉 神社 博物館 牧場 海岸 工場 空港"),
            _words("花火 満月 流れ星 桜並木 吹雪 夕焼け 朝日 紅葉 蛍 虹 雪だるま 風船"),
        ),
    ),
}
