Feature: Runner

  Background:
    Given an empty graph

  @first
  Scenario: [1] Right rows in order
    When executing query:
      """
      ordered
      """
    Then the result should be, in order:
      | a | b     |
      | 1 | 'x\|' |
      | 2 | null  |
    And no side effects

  Scenario Outline: [2] Rows of an outline
    Given any graph
    When executing query:
      """
      <query>
      """
    Then the result should be, in any order:
      | v       |
      | <value> |

    Examples:
      | query | value |
      | one   | 1     |
      | float | 1.0   |

  Scenario: [3] Side effects
    When executing query:
      """
      create
      """
    Then the result should be empty
    And the side effects should be:
      | +nodes      | 1 |
      | +labels     | 1 |
      | +properties | 1 |

  Scenario: [4] Errors
    When executing query:
      """
      bad
      """
    Then a SyntaxError should be raised at compile time: UndefinedVariable

  Scenario: [5] Lists in any order of elements
    When executing query:
      """
      lists
      """
    Then the result should be (ignoring element order for lists):
      | l         |
      | [3, 1, 2] |
